import { useSyncExternalStore } from 'react';

/** One clock for all times that a page shows. It ticks while somebody looks at it. */
const clock = {
  now: Date.now(),
  watchers: new Set<() => void>(),
  timer: undefined as ReturnType<typeof setInterval> | undefined,
};

function watch(watcher: () => void) {
  clock.watchers.add(watcher);
  if (clock.timer === undefined) {
    clock.now = Date.now();
    clock.timer = setInterval(() => {
      if (document.hidden) return;
      clock.now = Date.now();
      for (const w of clock.watchers) w();
    }, 5000);
  }
  return () => {
    clock.watchers.delete(watcher);
    if (clock.watchers.size === 0) {
      clearInterval(clock.timer);
      clock.timer = undefined;
    }
  };
}

/** The time now in milliseconds, up to date to a few seconds. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => clock.now);
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** Such as "2 min ago", in the language of the browser. */
export function ago(at: string | number, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  if (Math.abs(seconds) < 5) return relative.format(0, 'second');
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? (['second', 1] as const);
  return relative.format(Math.trunc(seconds / size), unit).replace(/\.(?=\s)/, '');
}

const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** Date and clock, here. */
export const moment = (at: string): string => local.format(new Date(at));

/** The whole time, here and in UTC. */
export function absolute(at: string): string {
  const time = new Date(at);
  return `${moment(at)}\n${time
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '')} UTC`;
}

/** Such as "1 min 12 s". */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [d, h, m, s] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (d > 0) return h > 0 ? `${d} d ${h} h` : `${d} d`;
  if (h > 0) return m > 0 ? `${h} h ${m} min` : `${h} h`;
  if (m > 0) return s > 0 ? `${m} min ${s} s` : `${m} min`;
  return `${s} s`;
}

/** Such as "12.4 MB". */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const names = ['kB', 'MB', 'GB', 'TB'];
  let value = size;
  let name = 'B';
  for (const n of names) {
    if (value < 1000) break;
    value /= 1000;
    name = n;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${name}`;
}
