import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { confirm } from '@/components/confirm.tsx';
import { usePluginDeeds } from '@/components/plugins/deeds.ts';
import type { Plugin } from '@/services/plugins.ts';
import { runsQuery } from '@/services/runs.ts';

/** Asks whether to uninstall a plugin, and does. `then` goes elsewhere, where its page would be. */
export function useUninstall(plugin: Plugin, then?: () => void) {
  const { remove } = usePluginDeeds();
  return () =>
    confirm({
      title: `Uninstall “${plugin.name}”?`,
      effect: <Uninstalled plugin={plugin} />,
      verb: 'Uninstall',
      act: () => remove.mutate(plugin, { onSuccess: () => then?.() }),
    });
}

const most = 200;

function Uninstalled({ plugin }: { plugin: Plugin }) {
  const { data } = useQuery(runsQuery({ status: ['scheduled', 'queued'] }, most));
  const waiting = data?.items.filter((run) => plugin.operators.some((o) => o.uri === run.operator)).length;
  const more = data?.next_cursor ? ' at least' : '';
  return (
    <>
      <Text size="sm">
        {plugin.operators.length === 1 ? 'Its operator is' : `Its ${plugin.operators.length} operators are`} gone, with
        all of its revisions. Runs of the past stay, with their logs.
      </Text>
      <Text size="sm" mt="xs" aria-live="polite">
        {waiting === undefined
          ? 'Runs that wait for it are rejected.'
          : waiting === 0 && more === ''
            ? 'No run waits for it.'
            : `${waiting}${more} ${waiting === 1 ? 'run waits' : 'runs wait'} for it and will be rejected.`}
      </Text>
    </>
  );
}
