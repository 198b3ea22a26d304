import { useLocalStorage } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type Change, stream } from '@/services/stream.ts';

/** Lists are read again at most this often, in milliseconds, however much happens. */
const listsEvery = 1000;

/** Whether pages refresh by themselves: on by default, remembered by this browser. */
export function useAutoRefresh() {
  return useLocalStorage({ key: 'signalbox-auto-refresh', defaultValue: true, getInitialValueInEffect: false });
}

/** Keeps what is shown of runs and plugins up to date while the page is open and auto-refresh is on. */
export function useLive() {
  const client = useQueryClient();
  const [on] = useAutoRefresh();
  useEffect(() => {
    stream.begin();
    if (!on) return;
    const again = (...queryKey: string[]) => void client.invalidateQueries({ queryKey });
    const lists = seldom(() => again('runs', 'list'), listsEvery);
    const plugins = seldom(() => {
      again('plugins', 'list');
      again('plugins', 'one');
      again('operators');
    }, listsEvery);
    const hear = (changes: Change[]) => {
      const runs = changes.filter((c) => c.kind === 'run');
      for (const id of new Set(runs.map((c) => c.id))) again('runs', 'one', id);
      if (runs.length > 0) lists.call();
      if (runs.length < changes.length) plugins.call();
      if (changes.length > 0) return;
      again('runs', 'one');
      lists.call();
      plugins.call();
    };
    if (stream.current() === 'open') hear([]); // else when it opens
    const silence = stream.listen(hear);
    return () => {
      silence();
      lists.stop();
      plugins.stop();
    };
  }, [client, on]);
}

/** Calls at once, and then at most once in so many milliseconds; the last call is never lost. */
export function seldom(call: () => void, every: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const run = () => {
    again = false;
    call();
    timer = setTimeout(() => {
      timer = undefined;
      if (again) run();
    }, every);
  };
  return {
    call: () => {
      if (timer === undefined) run();
      else again = true;
    },
    stop: () => clearTimeout(timer),
  };
}
