import { NativeSelect, Switch, Text } from '@mantine/core';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef } from 'react';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { foretell, Foretold } from '@/components/Effect.tsx';
import { type Change, usePluginDeeds } from '@/components/plugins/deeds.ts';
import { roleChoices } from '@/services/me.ts';
import { effectOf, permissions, type Plugin, type PluginOperator } from '@/services/plugins.ts';

/** Asks before a change of an operator, with its effect. */
type Ask = (operator: PluginOperator, to: Change['to'], title: string, verb: string) => void;

const Asking = createContext<Ask>(() => undefined);

/** The operators of a plugin, and who may run them: both the role and the permission are needed. */
export function Operators({ plugin }: { plugin: Plugin }) {
  return (
    <Asking value={useAsk(plugin)}>
      <DataTable
        label="Operators"
        rows={plugin.operators}
        idOf={(o) => o.uri}
        columns={columns}
        empty="This plugin has no operators."
      />
    </Asking>
  );
}

/** Gives what asks. It stays the same, so that a change of one operator renders no other: a plugin may have hundreds. */
function useAsk(plugin: Plugin): Ask {
  const { change } = usePluginDeeds();
  const now = useRef({ plugin, change });
  useEffect(() => {
    now.current = { plugin, change };
  });
  return useCallback<Ask>((operator, to, title, verb) => {
    const { plugin, change } = now.current;
    if (change.isPending) return;
    foretell({
      title,
      verb,
      about: [operator.uri, to],
      ask: () => effectOf(plugin.id, operator.name, to),
      show: Foretold,
      act: () => change.mutate({ plugin, operator, to }),
    });
  }, []);
}

const permissionChoices = permissions.map((value) => ({ value, label: value === 'none' ? 'None' : `Can ${value}` }));

const columns: Columns<PluginOperator> = [
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

function Enabled({ operator }: Of) {
  const ask = useContext(Asking);
  const name = operator.label || operator.name;
  const verb = operator.enabled ? 'Disable' : 'Enable';
  return (
    <Switch
      checked={operator.enabled}
      aria-label={`${name} is enabled`}
      onChange={() => ask(operator, { enabled: !operator.enabled }, `${verb} “${name}”?`, verb)}
    />
  );
}

interface LeastProps extends Of {
  field: 'minimum_role' | 'minimum_dataset_permission';
  label: string;
  data: { value: string; label: string }[];
}

function Least({ operator, field, label, data }: LeastProps) {
  const ask = useContext(Asking);
  const name = operator.label || operator.name;
  return (
    <NativeSelect
      size="xs"
      miw={110}
      maw={160}
      aria-label={`${label} of ${name}`}
      data={data}
      value={operator[field]}
      onChange={(e) => {
        const to = { [field]: e.currentTarget.value } as Change['to'];
        ask(operator, to, `Change who may run “${name}”?`, 'Change');
      }}
    />
  );
}
