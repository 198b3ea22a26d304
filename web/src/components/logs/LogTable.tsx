import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef } from 'react';
import { Empty } from '@/components/Empty.tsx';
import type { Reading } from '@/components/logs/reading.ts';
import type { NumberedEntry } from '@/services/logs.ts';
import { absolute } from '@/services/times.ts';
import classes from './LogTable.module.css';

interface Props {
  count: number;
  row: (index: number) => NumberedEntry | undefined; // undefined: it is being read
  seen?: (first: number, last: number) => void; // which rows are in sight now
  at: number | undefined; // the row to begin at
  marked: number | undefined; // the line that the address names, from 1
  mark: (line: number) => void;
  reading: Reading;
  empty: string;
}

/** Lines of a log, of which only those in sight are on the page. */
export function LogTable({ count, row, seen, at, marked, mark, reading, empty }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- what it gives is used here only, and never memoised
  const lines = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => 21,
    overscan: 8,
  });
  const items = lines.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => seen?.(first, last), [seen, first, last]);
  const there = at !== undefined && row(at) !== undefined; // what is read moves what lies below it
  useEffect(() => {
    if (at !== undefined && at >= 0) lines.scrollToIndex(at, { align: 'center' });
  }, [at, there, lines]);
  useEffect(() => {
    if (reading.tail && count > 0) lines.scrollToIndex(count - 1, { align: 'end' });
  }, [reading.tail, count, lines]);
  useEffect(() => lines.measure(), [reading.wrap, lines]);
  if (count === 0) return <Empty>{empty}</Empty>;
  return (
    <div
      className={classes.frame}
      ref={frame}
      tabIndex={0}
      role="table"
      aria-label="Log"
      aria-rowcount={count}
      data-wrap={reading.wrap || undefined}
      onClick={(e) => {
        const line = (e.target as HTMLElement).closest<HTMLElement>('button[data-line]')?.dataset.line;
        if (line !== undefined) mark(Number(line));
      }}
    >
      <div className={classes.space} style={{ height: lines.getTotalSize() }} role="rowgroup">
        {items.map(({ index, key, start }) => {
          const entry = row(index);
          return (
            <div
              key={key}
              ref={lines.measureElement}
              data-index={index}
              className={classes.row}
              role="row"
              aria-rowindex={index + 1}
              data-severity={entry?.severity}
              data-marked={(entry !== undefined && entry.number + 1 === marked) || undefined}
              style={{ transform: `translateY(${start}px)` }}
            >
              {entry ? (
                <Line entry={entry} />
              ) : (
                <span role="cell" className={classes.reading}>
                  …
                </span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hour12: false,
});

/** Made once for each line, not at each step of scrolling. */
const Line = memo(function Line({ entry }: { entry: NumberedEntry }) {
  const line = entry.number + 1;
  const { timestamp: at } = entry;
  return (
    <>
      <span role="cell">
        <button type="button" className={classes.number} aria-label={`Link to line ${line}`} data-line={line}>
          {line}
        </button>
      </span>
      <span
        role="cell"
        className={classes.time}
        onPointerEnter={(e) => (e.currentTarget.title = at ? absolute(at) : '')}
      >
        {at ? clock.format(new Date(at)) : ''}
      </span>
      <span role="cell" className={classes.severity}>
        {entry.severity}
      </span>
      <span role="cell" className={classes.message}>
        {entry.message}
      </span>
    </>
  );
});
