import { NativeSelect, Switch, Text } from '@mantine/core';
import { createContext, type ReactNode, useContext } from 'react';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { foretell, Foretold } from '@/components/Effect.tsx';
import { type Change, usePluginDeeds } from '@/components/plugins/deeds.ts';
import { roleChoices } from '@/services/me.ts';
import { effectOf, permissions, type Plugin, type PluginOperator } from '@/services/plugins.ts';

type Row = PluginOperator & { id: string };

/** The plugin whose operators are shown, and what is done with them. Columns stay, whatever changes of it. */
interface About {
  plugin: Plugin;
  act: (to: Change) => void;
  busy: boolean; // with a change of any of them
}

const AboutPlugin = createContext<About | undefined>(undefined);

/** The operators of a plugin, and who may run them: both the role and the permission are needed. */
export function Operators({ plugin }: { plugin: Plugin }) {
  const { change } = usePluginDeeds();
  const rows = plugin.operators.map((o) => ({ ...o, id: o.uri }));
  return (
    <AboutPlugin value={{ plugin, act: change.mutate, busy: change.isPending }}>
      <DataTable label="Operators" rows={rows} columns={columns} empty="This plugin has no operators." />
    </AboutPlugin>
  );
}

const permissionChoices = permissions.map((value) => ({ value, label: value === 'none' ? 'None' : `Can ${value}` }));

const columns: Columns<Row> = [
  { header: 'Operator', accessorKey: 'label', cell: ({ row }) => <Name of={row.original} /> },
  { header: 'Runs', accessorKey: 'runtime', cell: ({ row }) => runtimes[row.original.runtime] },
  { header: 'Enabled', accessorKey: 'enabled', cell: ({ row }) => <Enabled operator={row.original} /> },
  {
    header: 'Minimum role',
    cell: ({ row }) => <Least operator={row.original} field="minimum_role" label="Minimum role" data={roleChoices} />,
  },
  {
    header: 'Minimum dataset permission',
    cell: ({ row }) => (
      <Least
        operator={row.original}
        field="minimum_dataset_permission"
        label="Minimum dataset permission"
        data={permissionChoices}
      />
    ),
  },
];

const runtimes: Record<PluginOperator['runtime'], ReactNode> = { command: 'as a command', fiftyone: 'in FiftyOne' };

function Name({ of }: { of: PluginOperator }) {
  return (
    <>
      <Text size="sm" fw={600}>
        {of.label || of.name}
      </Text>
      <Text size="xs" c="dimmed">
        {of.uri}
      </Text>
      {of.not_loadable !== null && (
        <Text size="xs" c="var(--sb-failed)" maw={480} style={{ overflowWrap: 'anywhere' }}>
          Declared, but not loadable: {of.not_loadable}
        </Text>
      )}
    </>
  );
}

interface Of {
  operator: PluginOperator;
}

/** Asks before a change of an operator, with its effect. */
function useAsk(operator: PluginOperator) {
  const about = useContext(AboutPlugin);
  const ask = (change: Change['to'], title: string, verb: string) => {
    if (!about || about.busy) return;
    const to = { plugin: about.plugin, operator, to: change };
    foretell({
      title,
      verb,
      about: [operator.uri, change],
      ask: () => effectOf(about.plugin.id, operator.name, change),
      show: Foretold,
      act: () => about.act(to),
    });
  };
  return { ask, busy: about?.busy ?? false };
}

function Enabled({ operator }: Of) {
  const { ask, busy } = useAsk(operator);
  const name = operator.label || operator.name;
  const verb = operator.enabled ? 'Disable' : 'Enable';
  return (
    <Switch
      checked={operator.enabled}
      aria-busy={busy} // not disabled: the focus stays here
      aria-label={`${name} is enabled`}
      onChange={() => ask({ enabled: !operator.enabled }, `${verb} “${name}”?`, verb)}
    />
  );
}

interface LeastProps extends Of {
  field: 'minimum_role' | 'minimum_dataset_permission';
  label: string;
  data: { value: string; label: string }[];
}

function Least({ operator, field, label, data }: LeastProps) {
  const { ask, busy } = useAsk(operator);
  const name = operator.label || operator.name;
  return (
    <NativeSelect
      size="xs"
      miw={110}
      maw={160}
      aria-label={`${label} of ${name}`}
      data={data}
      aria-busy={busy} // not disabled: the focus stays here
      value={operator[field]}
      onChange={(e) => {
        const to = { [field]: e.currentTarget.value } as Change['to'];
        ask(to, `Change who may run “${name}”?`, 'Change');
      }}
    />
  );
}
