import { oneOf, someOf, textOf } from '@/services/search.ts';
import { type RunFilter, type Sort, sorts, type Status, statuses } from '@/services/runs.ts';

/** What the address of a list of runs holds, so that a link shows the same list. */
export interface RunSearch {
  status?: Status[] | undefined;
  operator?: string | undefined;
  q?: string | undefined;
  match?: 'uri' | undefined;
  sort?: Sort | undefined;
  mine?: 'yes' | undefined;
  all?: 'yes' | undefined; // on a dataset's page, for admins: the runs of all datasets
  cursor?: string | undefined; // where a later page begins
}

/** Reads the address; what it does not know is left out. */
export function runSearch(given: Record<string, unknown>): RunSearch {
  return {
    status: someOf(statuses, given.status),
    operator: textOf(given.operator),
    q: textOf(given.q),
    match: oneOf(['uri'], given.match),
    sort: oneOf(sorts, given.sort),
    mine: oneOf(['yes'], given.mine),
    all: oneOf(['yes'], given.all),
    cursor: textOf(given.cursor),
  };
}

/** The list of the server that an address means. */
export function filterOf(search: RunSearch, dataset?: string): RunFilter {
  return {
    dataset: search.all ? undefined : dataset,
    mine: search.mine ? true : undefined,
    status: search.status,
    operator: search.operator,
    search: search.q,
    match: search.q ? search.match : undefined,
    sort: search.sort,
    cursor: search.cursor,
  };
}

/** Tells whether an address narrows the list down, so that an empty one does not mean that there are no runs. */
export function narrows(search: RunSearch): boolean {
  return Boolean(search.status ?? search.operator ?? search.q);
}
