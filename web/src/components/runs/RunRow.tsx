import { Checkbox, Text } from '@mantine/core';
import { IconPin } from '@tabler/icons-react';
import { memo, useState } from 'react';
import { Ago } from '@/components/Ago.tsx';
import { useRunActions } from '@/components/runs/actions.tsx';
import { WaitingBadge } from '@/components/runs/Badge.tsx';
import { Progress } from '@/components/runs/Progress.tsx';
import { RunLink } from '@/components/runs/RunLink.tsx';
import { RunMenu } from '@/components/runs/RunMenu.tsx';
import { RunName } from '@/components/runs/RunName.tsx';
import type { Dataset } from '@/services/datasets.ts';
import { nameOf, type RunItem, workGoesOn } from '@/services/runs.ts';
import { duration } from '@/services/times.ts';
import classes from './RunRow.module.css';

interface Props {
  run: RunItem;
  dataset: Dataset | undefined; // with what I may do there
  showDataset: boolean;
  selected: boolean;
  onSelect: (id: string) => void;
}

/** A run in a list: what it is and how it stands, then where, who and when. */
export const RunRow = memo(function RunRow({ run, dataset, showDataset, selected, onSelect }: Props) {
  const [renaming, setRenaming] = useState(false);
  const actions = useRunActions(run, dataset, () => setRenaming(true));
  return (
    <li
      className={classes.row}
      data-run={run.id}
      data-selected={selected || undefined}
      onKeyDown={keys(actions, () => onSelect(run.id))}
    >
      <Checkbox
        size="xs"
        className={classes.check ?? ''}
        checked={selected}
        onChange={() => onSelect(run.id)}
        aria-label={`Select ${nameOf(run)}`}
      />
      <div className={classes.status}>
        <WaitingBadge id={run.id} status={run.status} />
      </div>
      <div className={classes.what}>
        {renaming ? <RunName run={run} onEnd={() => setRenaming(false)} /> : <Name run={run} />}
        {titleOf(run) !== run.operator && (
          <Text size="xs" c="dimmed" truncate title={run.operator}>
            {run.operator}
          </Text>
        )}
      </div>
      <div className={classes.how}>
        <How run={run} />
        <Text size="xs" c="dimmed" truncate>
          {where(run, showDataset)} · {run.created_by.name} · <Ago at={run.scheduled_at} />
        </Text>
      </div>
      <div className={classes.menu}>
        <RunMenu actions={actions} name={nameOf(run)} />
      </div>
    </li>
  );
});

/** What it runs. */
function titleOf(run: RunItem): string {
  return run.operator_label || run.operator;
}

function Name({ run }: { run: RunItem }) {
  return (
    <div className={classes.name}>
      <RunLink run={run} className={classes.link ?? ''} c="var(--mantine-color-text)" fw={550} truncate>
        {titleOf(run)}
      </RunLink>
      {run.label && run.label !== titleOf(run) && (
        <Text span size="sm" c="dimmed" truncate>
          “{run.label}”
        </Text>
      )}
      {run.pinned && <IconPin size={14} aria-label="Pinned" className={classes.pin ?? ''} />}
    </div>
  );
}

/** How it stands, in a few words: progress, place in line, why it failed, or how long it took. */
function How({ run }: { run: RunItem }) {
  if (run.status === 'running' && run.progress) return <Progress run={run} />;
  const words = stands(run);
  return (
    <Text size="sm" truncate title={words} {...(run.status === 'failed' ? { c: 'var(--sb-failed)' } : {})}>
      {words || ' '}
    </Text>
  );
}

function stands(run: RunItem): string {
  if (workGoesOn(run)) return `Its work goes on at ${run.orchestrator}`;
  if (run.failure) return run.failure.message.split('\n', 1)[0] ?? '';
  if (run.queue) return `Number ${run.queue.position} in line`;
  if (run.started_at && run.ended_at) return duration(Date.parse(run.ended_at) - Date.parse(run.started_at));
  return '';
}

function where(run: RunItem, showDataset: boolean): string {
  return [showDataset && (run.dataset ?? 'no dataset'), run.orchestrator].filter(Boolean).join(' · ');
}

/** The keys of a row: x selects it, p pins it, e renames it. */
function keys(actions: ReturnType<typeof useRunActions>, select: () => void) {
  return (e: React.KeyboardEvent) => {
    if (e.target instanceof HTMLInputElement && e.target.type === 'text') return;
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const key = { p: 'pin', e: 'rename' }[e.key];
    const action = actions.find((a) => a.key === key);
    if (e.key === 'x') select();
    else if (action && action.whyNot === undefined) action.act?.();
    else return;
    e.preventDefault();
  };
}
