import { Values } from '@/components/run/Values.tsx';
import type { Run } from '@/services/runs.ts';

/** What the run was given. */
export function Input({ run }: { run: Run }) {
  return <Values value={run.params} schema={run.inputs_schema} />;
}
