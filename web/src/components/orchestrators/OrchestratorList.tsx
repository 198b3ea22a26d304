import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { EnableSwitch } from '@/components/EnableSwitch.tsx';
import { useOrchestratorDeeds } from '@/components/orchestrators/deeds.ts';
import type { Orchestrator } from '@/services/orchestrators.ts';

const columns: Columns<Orchestrator> = [
  { header: 'Name', accessorKey: 'name', cell: ({ row }) => <Name of={row.original} /> },
  { header: 'Kind', accessorKey: 'kind' },
  { header: 'Quota', accessorKey: 'quota' },
  { header: 'Routes', accessorFn: (o) => o.routes.length },
  { header: 'Enabled', accessorKey: 'enabled', cell: ({ row }) => <OrchestratorSwitch of={row.original} /> },
];

/** The places where runs go. */
export function OrchestratorList({ items }: { items: Orchestrator[] }) {
  return <DataTable label="Orchestrators" rows={items} columns={columns} empty="No orchestrators yet. Add one." />;
}

function Name({ of }: { of: Orchestrator }) {
  return (
    <Anchor
      size="sm"
      fw={600}
      renderRoot={(props) => <Link {...props} to="/orchestrators/$id" params={{ id: of.id }} />}
    >
      {of.name}
    </Anchor>
  );
}

/** Enables or disables an orchestrator. */
export function OrchestratorSwitch({ of }: { of: Orchestrator }) {
  const { enable } = useOrchestratorDeeds();
  return (
    <EnableSwitch
      name={of.name}
      enabled={of.enabled}
      pending={enable.isPending}
      effect="No more runs are sent there until it is enabled again. What runs there goes on."
      act={() => enable.mutate(of)}
    />
  );
}
