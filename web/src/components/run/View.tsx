import { Text } from '@mantine/core';
import { Empty } from '@/components/Empty.tsx';
import { isObject } from '@/forms/model.ts';
import type { Run } from '@/services/runs.ts';
import classes from './run.module.css';

/** The view that the run was for, stage by stage, or the whole dataset. */
export function View({ run }: { run: Run }) {
  if (!run.dataset_id) return <Empty>It was not for a dataset.</Empty>;
  if (run.view === null) return <Empty>It was for the whole dataset “{run.dataset}”.</Empty>;
  const stages = stagesOf(run.view);
  return (
    <>
      {stages.length > 0 && (
        <Text component="ol" size="sm" mb="md">
          {stages.map((stage, i) => (
            <li key={i}>{stage}</li>
          ))}
        </Text>
      )}
      <pre className={classes.code}>{JSON.stringify(run.view, null, 2)}</pre>
    </>
  );
}

/** FiftyOne's stages in words: `fiftyone.core.stages.Limit` with its settings is `Limit: limit 10`. */
export function stagesOf(view: unknown): string[] {
  if (!Array.isArray(view)) return [];
  return view.filter(isObject).map((stage) => {
    const name = String(stage._cls).split('.').at(-1) ?? '';
    const settings = Array.isArray(stage.kwargs) ? (stage.kwargs as unknown[]) : [];
    const said = settings
      .filter((s): s is [string, unknown] => Array.isArray(s) && typeof s[0] === 'string' && !s[0].startsWith('_'))
      .filter(([, value]) => value !== null)
      .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
    return said.length > 0 ? `${name}: ${said.join(', ')}` : name;
  });
}
