import { Button, Group, Text } from '@mantine/core';
import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { LogBar } from '@/components/logs/LogBar.tsx';
import { LogTable } from '@/components/logs/LogTable.tsx';
import { type Reading, useReading } from '@/components/logs/reading.ts';
import type { LogSearch } from '@/components/logs/search.ts';
import { PagePending } from '@/components/PagePending.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { logFoundQuery, logIndexQuery, logWindowQuery, windowSize } from '@/services/logs.ts';

interface Props {
  id: string;
  search: LogSearch;
  change: (to: Partial<LogSearch>) => void;
}

/** A log of any size: its lines are read as they come in sight. */
export function LargeLog({ id, search, change }: Props) {
  const { data: index, error } = useQuery(logIndexQuery(id));
  const reading = useReading(index?.complete === false);
  if (error && !index) return <Trouble error={error} what="The log could not be read" />;
  if (!index) return <PagePending />;
  const inner = { id, search, change, reading };
  return (
    <>
      <LogBar {...inner} levels={index.levels} firstError={index.first_error ?? undefined} />
      {(search.level ?? search.q) ? <Found {...inner} /> : <Whole {...inner} lines={index.lines} />}
    </>
  );
}

type Inner = Props & { reading: Reading };

/**
 * A very long log shows in parts of so many lines: browsers show nothing that is higher than some ten million pixels, and
 * where each line lies is worked out anew as lines of other heights come in sight.
 */
const most = 100_000;

function Whole({ id, search, change, reading, lines }: Inner & { lines: number }) {
  const wanted = search.line === undefined ? 0 : Math.min(search.line, lines) - 1;
  const [base, setBase] = useState(() => Math.floor(wanted / most) * most);
  const [line, setLine] = useState(search.line);
  if (line !== search.line) {
    setLine(search.line);
    setBase(Math.floor(wanted / most) * most);
  }
  const [[first, last], setSight] = useState([0, 0]);
  const seen = useCallback((a: number, b: number) => setSight([a, b]), []);
  const numbers = windowsOf(base + first, Math.min(base + last, lines - 1));
  const windows = useQueries({ queries: numbers.map((n) => logWindowQuery(id, n)) });
  const row = (i: number) => {
    const at = base + i;
    return windows[numbers.indexOf(Math.floor(at / windowSize))]?.data?.lines[at % windowSize];
  };
  return (
    <>
      <Parts base={base} lines={lines} go={setBase} />
      <LogTable
        key={base}
        count={Math.min(most, lines - base)}
        row={row}
        seen={seen}
        at={search.line === undefined ? undefined : wanted - base}
        marked={search.line}
        mark={(to) => change({ line: to })}
        reading={reading}
        empty="It has written nothing."
      />
    </>
  );
}

/** The windows that hold a stretch of lines. */
function windowsOf(first: number, last: number): number[] {
  const from = Math.floor(first / windowSize);
  const to = Math.max(from, Math.floor(last / windowSize));
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const numbers = new Intl.NumberFormat();

function Parts({ base, lines, go }: { base: number; lines: number; go: (base: number) => void }) {
  if (lines <= most) return null;
  return (
    <Group gap="xs" mb="xs">
      <Text size="sm">
        Lines {numbers.format(base + 1)} to {numbers.format(Math.min(base + most, lines))} of {numbers.format(lines)}
      </Text>
      <Button size="compact-xs" variant="default" disabled={base === 0} onClick={() => go(base - most)}>
        Earlier
      </Button>
      <Button size="compact-xs" variant="default" disabled={base + most >= lines} onClick={() => go(base + most)}>
        Later
      </Button>
    </Group>
  );
}

/** The lines that fit a search, found as one scrolls on. */
function Found({ id, search, change, reading }: Inner) {
  const found = useInfiniteQuery(logFoundQuery(id, search.level, search.q));
  const rows = found.data?.pages.flatMap((p) => p.lines) ?? [];
  const { hasNextPage, isFetching, fetchNextPage } = found;
  const count = rows.length;
  const seen = useCallback(
    (_: number, last: number) => {
      if (hasNextPage && !isFetching && last >= count - 50) void fetchNextPage();
    },
    [hasNextPage, isFetching, fetchNextPage, count],
  );
  if (found.error)
    return <Trouble error={found.error} what="The log could not be searched" retry={() => void found.refetch()} />;
  return (
    <>
      <Group gap="xs" mb="xs">
        <Text size="sm" c="dimmed" role="status">
          {isFetching ? 'Searching…' : `${numbers.format(count)}${hasNextPage ? ' or more' : ''} found`}
        </Text>
        {hasNextPage && !isFetching && (
          <Button size="compact-xs" variant="default" onClick={() => void fetchNextPage()}>
            Search on
          </Button>
        )}
      </Group>
      <LogTable
        count={count}
        row={(i) => rows[i]}
        seen={seen}
        at={undefined}
        marked={search.line}
        mark={(line) => change({ line, level: undefined, q: undefined })}
        reading={{ ...reading, tail: false }}
        empty={isFetching ? 'Searching…' : 'No line fits.'}
      />
    </>
  );
}
