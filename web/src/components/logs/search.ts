import { type Level, levels, type LogEntry, type NumberedEntry } from '@/services/logs.ts';
import { oneOf, textOf } from '@/services/search.ts';

/** What the address of a log holds. */
export interface LogSearch {
  level?: Level | undefined; // this one and worse
  q?: string | undefined;
  line?: number | undefined; // counts from 1, as people do
  open?: 'yes' | undefined; // a large log in the viewer
}

export function logSearch(given: Record<string, unknown>): LogSearch {
  const line = Number(given.line);
  return {
    level: oneOf(levels, given.level),
    q: textOf(given.q),
    line: Number.isSafeInteger(line) && line > 0 ? line : undefined,
    open: oneOf(['yes'], given.open),
  };
}

/** Gives the entries of a log their numbers, from 0. */
export function numbered(entries: LogEntry[]): NumberedEntry[] {
  return entries.map((entry, number) => ({ number, ...entry }));
}

/** Those of a level or worse that hold a text, whatever the case. */
export function fitting(entries: NumberedEntry[], { level, q }: LogSearch): NumberedEntry[] {
  const least = level === undefined ? 0 : levels.indexOf(level);
  const text = q?.toLowerCase() ?? '';
  return entries.filter((e) => levels.indexOf(e.severity) >= least && e.message.toLowerCase().includes(text));
}

/** How many entries are of a level or worse. */
export function counted(byLevel: Record<string, number>): Record<Level, number> {
  let sum = 0;
  const counts = [...levels].reverse().map((level) => [level, (sum += byLevel[level] ?? 0)]);
  return Object.fromEntries(counts) as Record<Level, number>;
}

/** How many entries there are of each level. */
export function tally(entries: LogEntry[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { severity } of entries) found[severity] = (found[severity] ?? 0) + 1;
  return found;
}
