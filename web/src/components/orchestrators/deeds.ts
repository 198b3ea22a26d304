import { useDeed } from '@/components/deed.ts';
import {
  changeOrchestrator,
  endKey,
  type Key,
  type Orchestrator,
  probe,
  reconcile,
  removeOrchestrator,
} from '@/services/orchestrators.ts';

const refresh = [['orchestrators'], ['operators']];

/** What admins do with orchestrators. Each tells its outcome where the page does not show it. */
export function useOrchestratorDeeds() {
  return {
    enable: useDeed({
      act: (o: Orchestrator) => changeOrchestrator(o.id, { enabled: !o.enabled }),
      refresh,
      failed: (o) => `${o.name} was not ${o.enabled ? 'disabled' : 'enabled'}`,
    }),
    probe: useDeed({
      act: (o: Orchestrator) => probe(o.id),
      refresh: [],
      failed: (o) => `${o.name} was not probed`,
    }),
    reconcile: useDeed({
      act: (o: Orchestrator) => reconcile(o.id),
      refresh,
      done: (_, o) => `${o.name} is looked at now.`,
      failed: (o) => `${o.name} was not looked at`,
    }),
    remove: useDeed({
      act: (o: Orchestrator) => removeOrchestrator(o.id),
      refresh,
      done: (_, o) => `${o.name} is removed.`,
      failed: (o) => `${o.name} was not removed`,
    }),
    endKey: useDeed({
      act: ({ of, key }: { of: Orchestrator; key: Key }) => endKey(of.id, key.id),
      refresh,
      failed: ({ key }) => `The key “${key.name}” was not ended`,
    }),
  };
}
