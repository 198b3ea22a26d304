import { NativeSelect, Switch, Text } from '@mantine/core';
import { type ReactNode, useMemo } from 'react';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { foretell, Foretold } from '@/components/Effect.tsx';
import { type Change, usePluginDeeds } from '@/components/plugins/deeds.ts';
import { roleChoices } from '@/services/me.ts';
import { effectOf, permissions, type Plugin, type PluginOperator } from '@/services/plugins.ts';

type Row = PluginOperator & { id: string };

/** The operators of a plugin, and who may run them: both the role and the permission are needed. */
export function Operators({ plugin }: { plugin: Plugin }) {
  const columns = useMemo(() => columnsOf(plugin), [plugin]);
  const rows = plugin.operators.map((o) => ({ ...o, id: o.uri }));
  return <DataTable label="Operators" rows={rows} columns={columns} empty="This plugin has no operators." />;
}

const permissionChoices = permissions.map((value) => ({ value, label: value === 'none' ? 'None' : `Can ${value}` }));

function columnsOf(plugin: Plugin): Columns<Row> {
  return [
    { header: 'Operator', accessorKey: 'label', cell: ({ row }) => <Name of={row.original} /> },
    { header: 'Runs', accessorKey: 'runtime', cell: ({ row }) => runtimes[row.original.runtime] },
    {
      header: 'Enabled',
      accessorKey: 'enabled',
      cell: ({ row }) => <Enabled plugin={plugin} operator={row.original} />,
    },
    {
      header: 'Minimum role',
      cell: ({ row }) => (
        <Least plugin={plugin} operator={row.original} field="minimum_role" label="Minimum role" data={roleChoices} />
      ),
    },
    {
      header: 'Minimum dataset permission',
      cell: ({ row }) => (
        <Least
          plugin={plugin}
          operator={row.original}
          field="minimum_dataset_permission"
          label="Minimum dataset permission"
          data={permissionChoices}
        />
      ),
    },
  ];
}

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
    </>
  );
}

interface Of {
  plugin: Plugin;
  operator: PluginOperator;
}

function useAsk() {
  const { change } = usePluginDeeds();
  const ask = (to: Change, title: string, verb: string) =>
    foretell({
      title,
      verb,
      about: [to.operator.uri, to.to],
      ask: () => effectOf(to.plugin.id, to.operator.name, to.to),
      show: Foretold,
      act: () => change.mutate(to),
    });
  return { ask, busy: change.isPending };
}

function Enabled({ plugin, operator }: Of) {
  const { ask, busy } = useAsk();
  const name = operator.label || operator.name;
  const verb = operator.enabled ? 'Disable' : 'Enable';
  return (
    <Switch
      checked={operator.enabled}
      disabled={busy}
      aria-label={`${name} is enabled`}
      onChange={() => ask({ plugin, operator, to: { enabled: !operator.enabled } }, `${verb} “${name}”?`, verb)}
    />
  );
}

interface LeastProps extends Of {
  field: 'minimum_role' | 'minimum_dataset_permission';
  label: string;
  data: { value: string; label: string }[];
}

function Least({ plugin, operator, field, label, data }: LeastProps) {
  const { ask, busy } = useAsk();
  const name = operator.label || operator.name;
  return (
    <NativeSelect
      size="xs"
      miw={110}
      maw={160}
      aria-label={`${label} of ${name}`}
      data={data}
      disabled={busy}
      value={operator[field]}
      onChange={(e) => {
        const to = { [field]: e.currentTarget.value } as Change['to'];
        ask({ plugin, operator, to }, `Change who may run “${name}”?`, 'Change');
      }}
    />
  );
}
