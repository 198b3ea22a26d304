import { Empty } from '@/components/Empty.tsx';
import { Values } from '@/components/run/Values.tsx';
import { modelOf } from '@/forms/model.ts';
import { Shown } from '@/forms/Shown.tsx';
import { isOver, type Run } from '@/services/runs.ts';

/** What came of the run. */
export function Output({ run }: { run: Run }) {
  if (!isOver(run)) return <Empty>What comes of it shows here when it has completed.</Empty>;
  if (run.result === null) {
    return (
      <Empty>{run.status === 'failed' ? 'It failed, and gave no result.' : 'It completed, and gave no result.'}</Empty>
    );
  }
  return (
    <Values value={run.result}>
      <Shown value={run.result} model={modelOf(run.outputs_schema)} />
    </Values>
  );
}
