import { useMemo } from 'react';
import { LogBar } from '@/components/logs/LogBar.tsx';
import { LogTable } from '@/components/logs/LogTable.tsx';
import { useReading } from '@/components/logs/reading.ts';
import { fitting, type LogSearch, numbered, tally } from '@/components/logs/search.ts';
import type { Schemas } from '@/services/api.ts';

interface Props {
  id: string;
  log: Schemas['LogAnswer'];
  search: LogSearch;
  change: (to: Partial<LogSearch>) => void;
}

/** A log whose lines are all here. */
export function SmallLog({ id, log, search, change }: Props) {
  const all = useMemo(() => numbered(log.entries ?? []), [log.entries]);
  const shown = useMemo(() => fitting(all, search), [all, search]);
  const reading = useReading(!log.complete);
  const error = all.find((e) => e.severity === 'ERROR' || e.severity === 'CRITICAL');
  return (
    <>
      <LogBar
        id={id}
        levels={tally(all)}
        firstError={error?.number}
        search={search}
        change={change}
        reading={reading}
      />
      <LogTable
        count={shown.length}
        row={(i) => shown[i]}
        at={search.line === undefined ? undefined : shown.findIndex((e) => e.number === (search.line ?? 0) - 1)}
        marked={search.line}
        mark={(line) => change({ line })}
        reading={reading}
        empty={
          all.length > 0 ? 'No line fits.' : log.complete ? 'It has written nothing.' : 'It has written nothing yet.'
        }
      />
    </>
  );
}
