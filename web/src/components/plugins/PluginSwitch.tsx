import { Switch } from '@mantine/core';
import { confirm } from '@/components/confirm.tsx';
import { usePluginDeeds } from '@/components/plugins/deeds.ts';
import type { Plugin } from '@/services/plugins.ts';

/** Enables a plugin; before it disables one, it asks. */
export function PluginSwitch({ plugin }: { plugin: Plugin }) {
  const { enable } = usePluginDeeds();
  const act = () => enable.mutate(plugin);
  const disable = () =>
    confirm({
      title: `Disable “${plugin.name}”?`,
      effect:
        'Nobody can schedule its operators until it is enabled again. Scheduled runs of them are rejected in turn.',
      verb: 'Disable',
      act,
    });
  return (
    <Switch
      checked={plugin.enabled}
      disabled={enable.isPending}
      onChange={plugin.enabled ? disable : act}
      aria-label={`${plugin.name} is enabled`}
    />
  );
}
