import { Foretold, useForetold } from '@/components/Effect.tsx';
import type { Change } from '@/components/plugins/deeds.ts';
import { effectOf } from '@/services/plugins.ts';

/** Asks the server what a change of an operator would do, and shows it. */
export function EffectOf({ change: { plugin, operator, to } }: { change: Change }) {
  return <Foretold {...useForetold([operator.uri, to], () => effectOf(plugin.id, operator.name, to))} />;
}
