import { EnableSwitch } from '@/components/EnableSwitch.tsx';
import { usePluginDeeds } from '@/components/plugins/deeds.ts';
import type { Plugin } from '@/services/plugins.ts';

/** Enables or disables a plugin. */
export function PluginSwitch({ plugin }: { plugin: Plugin }) {
  const { enable } = usePluginDeeds();
  return (
    <EnableSwitch
      name={plugin.name}
      enabled={plugin.enabled}
      pending={enable.isPending}
      effect="Nobody can schedule its operators until it is enabled again. Scheduled runs of them are rejected in turn."
      act={() => enable.mutate(plugin)}
    />
  );
}
