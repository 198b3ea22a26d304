import { useLocalStorage } from '@mantine/hooks';
import type { QueryClient } from '@tanstack/react-query';
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
    if (stream.current() === 'open') void client.invalidateQueries({ queryKey: ['runs'] }); // else when it opens
    const lists = seldom(() => void client.invalidateQueries({ queryKey: ['runs', 'list'] }), listsEvery);
    const plugins = seldom(() => void client.invalidateQueries({ queryKey: ['plugins'] }), listsEvery);
    const silence = stream.listen((changes) => {
      const ofRuns = changes.filter((c) => c.kind === 'run');
      if (ofRuns.length > 0 || changes.length === 0) {
        refresh(client, ofRuns);
        lists.call();
      }
      if (ofRuns.length < changes.length || changes.length === 0) plugins.call();
    });
    return () => {
      silence();
      lists.stop();
      plugins.stop();
    };
  }, [client, on]);
}

/** Reads the runs again that are open somewhere on the page. */
function refresh(client: QueryClient, changes: Change[]) {
  if (changes.length === 0) {
    void client.invalidateQueries({ queryKey: ['runs', 'one'] });
    return;
  }
  for (const id of new Set(changes.map((c) => c.id))) {
    void client.invalidateQueries({ queryKey: ['runs', 'one', id] });
  }
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
