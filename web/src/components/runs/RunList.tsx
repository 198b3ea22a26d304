import { Button, Skeleton, Stack } from '@mantine/core';
import { useHotkeys, useHover } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { Empty } from '@/components/Empty.tsx';
import { Pager } from '@/components/Pager.tsx';
import { BulkBar } from '@/components/runs/BulkBar.tsx';
import { RunRow } from '@/components/runs/RunRow.tsx';
import { useSteady } from '@/components/runs/steady.ts';
import { paletteKeys } from '@/components/shell/paletteKeys.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { datasetsQuery } from '@/services/datasets.ts';
import { type RunFilter, type RunItem, runsQuery } from '@/services/runs.ts';
import classes from './RunList.module.css';

interface Props {
  filter: RunFilter;
  narrowed: boolean; // by more than whose runs they are
  showDataset: boolean;
  onPage: (cursor: string | undefined) => void;
  onClear: () => void;
}

/** A page of runs, kept up to date without moving anything under the pointer. */
export function RunList({ filter, narrowed, showDataset, onPage, onClear }: Props) {
  const { data, error, isPlaceholderData, refetch } = useQuery(runsQuery(filter));
  const { hovered, ref } = useHover<HTMLDivElement>();
  const list = useSteady(data?.items ?? nothing, JSON.stringify([filter, isPlaceholderData]), hovered);
  if (error && !data) return <Trouble error={error} what="The runs could not be read" retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <div ref={ref} aria-busy={isPlaceholderData} className={classes.list} data-old={isPlaceholderData || undefined}>
      {list.fresh > 0 && (
        <Button size="compact-sm" variant="light" radius="xl" className={classes.fresh ?? ''} onClick={list.show}>
          {list.fresh === 1 ? '1 new run' : `${list.fresh} new runs`}
        </Button>
      )}
      {list.rows.length === 0 ? (
        <Nothing narrowed={narrowed} onClear={onClear} />
      ) : (
        <Rows runs={list.rows} showDataset={showDataset} />
      )}
      <Pager first={filter.cursor === undefined} next={data.next_cursor} onPage={onPage} />
    </div>
  );
}

const nothing: RunItem[] = [];

function Rows({ runs, showDataset }: { runs: RunItem[]; showDataset: boolean }) {
  const { data: datasets } = useQuery(datasetsQuery);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set<string>());
  const list = useRef<HTMLUListElement>(null);
  useHotkeys([
    ['j', () => step(list.current, 1)],
    ['k', () => step(list.current, -1)],
  ]);
  const toggle = useCallback((id: string) => {
    setSelected((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  }, []);
  const chosen = runs.filter((r) => selected.has(r.id));
  return (
    <>
      <ul className={classes.rows} ref={list} aria-label="Runs">
        {runs.map((run) => (
          <RunRow
            key={run.id}
            run={run}
            dataset={datasets?.items.find((d) => d.id === run.dataset_id)}
            showDataset={showDataset}
            selected={selected.has(run.id)}
            onSelect={toggle}
          />
        ))}
      </ul>
      <BulkBar
        runs={chosen}
        onAll={() => setSelected(new Set(runs.map((r) => r.id)))}
        onNone={() => setSelected(new Set())}
      />
    </>
  );
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
