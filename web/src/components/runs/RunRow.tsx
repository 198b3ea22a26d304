import { IconDots, IconPin } from '@tabler/icons-react';
import { memo, type MouseEvent, type UIEvent } from 'react';
import { Ago } from '@/components/Ago.tsx';
import { menuButton } from '@/components/MenuButton.tsx';
import { WaitingBadge } from '@/components/runs/Badge.tsx';
import { Progress } from '@/components/runs/Progress.tsx';
import { RunName } from '@/components/runs/RunName.tsx';
import { nameOf, type RunItem, workGoesOn } from '@/services/runs.ts';
import { duration } from '@/services/times.ts';
import classes from './RunRow.module.css';

interface Props {
  run: RunItem;
  showDataset: boolean;
  selected: boolean;
  renaming: boolean;
  menuOpen: boolean;
  deeds: RowDeeds; // the same for all rows
}

export interface RowDeeds {
  near: (run: RunItem) => void; // somebody may open it
  open: (run: RunItem) => void;
  select: (run: RunItem) => void;
  menu: (run: RunItem, press: UIEvent<HTMLElement>) => void;
  endRenaming: () => void;
}

/**
 * A run in a list: what it is and how it stands, then where, who and when. There are many, so it is made of plain elements;
 * what only one at a time needs, such as its menu, the list has.
 */
export const RunRow = memo(function RunRow({ run, showDataset, selected, renaming, menuOpen, deeds }: Props) {
  return (
    <li className={classes.row} data-run={run.id} data-selected={selected || undefined}>
      <input
        type="checkbox"
        className={classes.check}
        checked={selected}
        onChange={() => deeds.select(run)}
        aria-label={`Select ${nameOf(run)}`}
      />
      <div className={classes.status}>
        <WaitingBadge id={run.id} status={run.status} />
      </div>
      <div className={classes.what}>
        {renaming ? <RunName run={run} onEnd={deeds.endRenaming} /> : <Name run={run} deeds={deeds} />}
        {titleOf(run) !== run.operator && (
          <p className={classes.small} title={run.operator}>
            {run.operator}
          </p>
        )}
      </div>
      <div className={classes.how}>
        <How run={run} />
        <p className={classes.small}>
          {`${where(run, showDataset)} · ${run.created_by.name} · `}
          <Ago at={run.scheduled_at} />
        </p>
      </div>
      <button
        type="button"
        className={classes.menu}
        aria-label={`Actions for ${nameOf(run)}`}
        {...menuButton(menuOpen, (e) => deeds.menu(run, e))}
      >
        <IconDots size={18} aria-hidden />
      </button>
    </li>
  );
});

/** What it runs. */
function titleOf(run: RunItem): string {
  return run.operator_label || run.operator;
}

/** Its name as a link: a plain one, since those of the router look at every change of the address. */
function Name({ run, deeds }: { run: RunItem; deeds: RowDeeds }) {
  const open = (e: MouseEvent) => {
    if (e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return; // the browser's own
    e.preventDefault();
    deeds.open(run);
  };
  return (
    <div className={classes.name}>
      <a
        href={`/runs/${run.id}`}
        className={classes.link}
        onPointerEnter={() => deeds.near(run)}
        onFocus={() => deeds.near(run)}
        onClick={open}
      >
        {titleOf(run)}
      </a>
      {run.label && run.label !== titleOf(run) && <span className={classes.label}>“{run.label}”</span>}
      {run.pinned && <IconPin size={14} aria-label="Pinned" className={classes.pin ?? ''} />}
    </div>
  );
}

/** How it stands, in a few words: progress, place in line, why it failed, or how long it took. */
function How({ run }: { run: RunItem }) {
  if (run.status === 'running' && run.progress) return <Progress run={run} />;
  const words = stands(run);
  return (
    <p className={classes.stands} title={words} data-failed={run.status === 'failed' || undefined}>
      {words || ' '}
    </p>
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
