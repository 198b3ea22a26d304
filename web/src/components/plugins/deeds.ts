import { useDeed } from '@/components/deed.ts';
import {
  changeOperator,
  type OperatorChange,
  type Plugin,
  type PluginOperator,
  removePlugin,
  type Revision,
  rollBack,
  setPluginEnabled,
} from '@/services/plugins.ts';

const refresh = [['plugins'], ['operators']];

/** A change of who may run an operator. */
export interface Change {
  plugin: Plugin;
  operator: PluginOperator;
  to: OperatorChange;
}

/** What admins do with plugins. Each tells its outcome where the page does not show it. */
export function usePluginDeeds() {
  return {
    enable: useDeed({
      act: (plugin: Plugin) => setPluginEnabled(plugin.id, !plugin.enabled),
      refresh,
      failed: (plugin) => `${plugin.name} was not ${plugin.enabled ? 'disabled' : 'enabled'}`,
    }),
    change: useDeed({
      act: ({ plugin, operator, to }: Change) => changeOperator(plugin.id, operator.name, to),
      refresh,
      failed: ({ operator }) => `${operator.label || operator.name} was not changed`,
    }),
    rollBack: useDeed({
      act: ({ plugin, revision }: { plugin: Plugin; revision: Revision }) => rollBack(plugin.id, revision.revision),
      refresh,
      done: (now) => `${now.name} is at revision ${now.revision} again.`,
      failed: ({ plugin }) => `${plugin.name} was not rolled back`,
    }),
    remove: useDeed({
      act: (plugin: Plugin) => removePlugin(plugin.id),
      refresh,
      done: (_, plugin) => `${plugin.name} is uninstalled.`,
      failed: (plugin) => `${plugin.name} was not uninstalled`,
    }),
  };
}
