import { textOf } from '@/services/search.ts';

/** What the address of "Schedule a run" holds. */
export interface ScheduleSearch {
  dataset?: string | undefined;
  operator?: string | undefined; // URI
  orchestrator?: string | undefined;
  rerun?: string | undefined; // the run that is scheduled again, with other inputs; then nothing else counts
}

export function scheduleSearch(search: Record<string, unknown>): ScheduleSearch {
  return {
    dataset: textOf(search.dataset),
    operator: textOf(search.operator),
    orchestrator: textOf(search.orchestrator),
    rerun: textOf(search.rerun),
  };
}
