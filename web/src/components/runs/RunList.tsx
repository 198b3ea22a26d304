import { Button, Skeleton, Stack } from '@mantine/core';
import { useHotkeys, useHover } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type KeyboardEvent, memo, useDeferredValue, useMemo, useRef, useState, type UIEvent } from 'react';
import { useAfterPaint, useLater } from '@/components/afterPaint.ts';
import { Empty } from '@/components/Empty.tsx';
import { useTurn } from '@/components/MenuButton.tsx';
import { Pager } from '@/components/Pager.tsx';
import { type Action, useActionsOf } from '@/components/runs/actions.tsx';
import { BulkBar } from '@/components/runs/BulkBar.tsx';
import { type Place, placeOf, RunMenuAt } from '@/components/runs/RunMenu.tsx';
import { RunRow } from '@/components/runs/RunRow.tsx';
import type { RunSearch } from '@/components/runs/search.ts';
import { useSteady } from '@/components/runs/steady.ts';
import { paletteKeys } from '@/components/shell/paletteKeys.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { datasetsQuery } from '@/services/datasets.ts';
import { nameOf, type RunFilter, type RunItem, runsQuery } from '@/services/runs.ts';
import classes from './RunList.module.css';

interface Props {
  filter: RunFilter; // the same object until it changes
  narrowed: boolean; // by more than whose runs they are
  showDataset: boolean;
  change: (to: Partial<RunSearch>) => void;
}

/** A page of runs, kept up to date without moving anything under the pointer. */
export const RunList = memo(function RunList({ filter: wanted, narrowed, showDataset, change }: Props) {
  const filter = useDeferredValue(wanted); // what was pressed answers first, then come the rows
  const { data, error, isPlaceholderData, refetch } = useQuery(runsQuery(filter));
  const { hovered, ref } = useHover<HTMLDivElement>();
  const list = useSteady(data?.items ?? nothing, JSON.stringify([filter, isPlaceholderData]), hovered);
  const old = isPlaceholderData || filter !== wanted;
  if (error && !data) return <Trouble error={error} what="The runs could not be read" retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <div ref={ref} aria-busy={old} className={classes.list} data-old={old || undefined}>
      {list.fresh > 0 && (
        <Button size="compact-sm" variant="light" radius="xl" className={classes.fresh ?? ''} onClick={list.show}>
          {list.fresh === 1 ? '1 new run' : `${list.fresh} new runs`}
        </Button>
      )}
      {list.rows.length === 0 ? (
        <Nothing narrowed={narrowed} onClear={() => change({ status: undefined, operator: undefined, q: undefined })} />
      ) : (
        <Rows runs={list.rows} showDataset={showDataset} />
      )}
      <Pager first={filter.cursor === undefined} next={data.next_cursor} onPage={(cursor) => change({ cursor })} />
    </div>
  );
});

const nothing: RunItem[] = [];

/** How many rows show first: about those in sight. The others come right after. */
const atOnce = 10;

function Rows({ runs, showDataset }: { runs: RunItem[]; showDataset: boolean }) {
  const [selected, select] = useSelection();
  const [renaming, setRenaming] = useState<string>();
  const [menu, setMenu] = useState<{ run: RunItem; place: Place; opened: boolean }>();
  const whole = useLater();
  const router = useRouter();
  const soon = useAfterPaint();
  const turn = useTurn();
  const list = useRef<HTMLUListElement>(null);
  const actions = useRowActions(setRenaming);
  const deeds = useMemo(
    () => ({
      near: (run: RunItem) => soon(() => void router.preloadRoute(pageOf(run))),
      open: (run: RunItem) => void router.navigate(pageOf(run)),
      select: (run: RunItem) => select.toggle(run.id),
      menu: (run: RunItem, press: UIEvent<HTMLElement>) => {
        const place = placeOf(press.currentTarget);
        turn(
          press,
          () => setMenu((before) => ({ run, place, opened: before?.run.id === run.id && before.opened })),
          () => setMenu((before) => (before?.run.id === run.id ? { ...before, opened: !before.opened } : before)),
        );
      },
      endRenaming: () => setRenaming(undefined),
    }),
    [select, router, soon, turn],
  );
  useHotkeys([
    ['j', () => step(list.current, 1)],
    ['k', () => step(list.current, -1)],
  ]);
  return (
    <>
      <ul className={classes.rows} ref={list} aria-label="Runs" onKeyDown={keys(runs, actions, deeds.select)}>
        {(whole ? runs : runs.slice(0, atOnce)).map((run) => (
          <RunRow
            key={run.id}
            run={run}
            showDataset={showDataset}
            selected={selected.has(run.id)}
            renaming={renaming === run.id}
            menuOpen={menu?.opened === true && menu.run.id === run.id}
            deeds={deeds}
          />
        ))}
      </ul>
      {menu && (
        <RunMenuAt
          {...menu}
          name={nameOf(menu.run)}
          actions={actions(menu.run)}
          onClose={() => setMenu((before) => before && { ...before, opened: false })}
        />
      )}
      <BulkBar
        runs={runs.filter((r) => selected.has(r.id))}
        onAll={() => select.only(runs.map((r) => r.id))}
        onNone={() => select.only([])}
      />
    </>
  );
}

function pageOf(run: RunItem) {
  return { to: '/runs/$id', params: { id: run.id } } as const;
}

/** Which runs are selected, by their ids, and what changes that. */
function useSelection() {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set<string>());
  const select = useMemo(
    () => ({
      only: (ids: string[]) => setSelected(new Set(ids)),
      toggle: (id: string) =>
        setSelected((before) => {
          const after = new Set(before);
          if (!after.delete(id)) after.add(id);
          return after;
        }),
    }),
    [],
  );
  return [selected, select] as const;
}

/** Tells what can be done with a run of the list. */
function useRowActions(rename: (id: string) => void): (run: RunItem) => Action[] {
  const { data: datasets } = useQuery(datasetsQuery);
  const actionsOf = useActionsOf();
  return (run) => {
    const dataset = datasets?.items.find((d) => d.id === run.dataset_id);
    return actionsOf(run, dataset, () => rename(run.id));
  };
}

/** The keys of a row: x selects it, p pins it, e renames it. */
function keys(runs: RunItem[], actions: (run: RunItem) => Action[], select: (run: RunItem) => void) {
  return (e: KeyboardEvent<HTMLElement>) => {
    const target = e.target as HTMLElement;
    if (target instanceof HTMLInputElement && target.type === 'text') return;
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const id = target.closest<HTMLElement>('[data-run]')?.dataset.run;
    const run = runs.find((r) => r.id === id);
    if (!run) return;
    const key = { p: 'pin', e: 'rename' }[e.key];
    const action = key && actions(run).find((a) => a.key === key);
    if (e.key === 'x') select(run);
    else if (action && action.whyNot === undefined) action.act?.();
    else return;
    e.preventDefault();
  };
}

/** Moves the focus to the next row, or the one before; from elsewhere to the first. */
function step(list: HTMLElement | null, by: number) {
  const rows = [...(list?.querySelectorAll<HTMLElement>('[data-run]') ?? [])];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? rows[0] : rows[at + by];
  next?.querySelector('a')?.focus();
}

function Nothing({ narrowed, onClear }: { narrowed: boolean; onClear: () => void }) {
  if (!narrowed) return <Empty>No runs yet. Press {paletteKeys} to run an operator.</Empty>;
  return (
    <Empty>
      No run fits these filters.{' '}
      <Button variant="subtle" size="compact-sm" onClick={onClear}>
        Clear the filters
      </Button>
    </Empty>
  );
}

function Waiting() {
  return (
    <Stack gap={1} aria-label="Loading" role="status">
      {Array.from({ length: 8 }, (_, i) => (
        <Skeleton key={i} height={60} radius="sm" />
      ))}
    </Stack>
  );
}
