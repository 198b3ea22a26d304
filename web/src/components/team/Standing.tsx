import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { Section } from '@/components/Section.tsx';
import { JoinGroupButton } from '@/components/team/AddMember.tsx';
import type { Named } from '@/components/team/deeds.ts';
import { TakeOut } from '@/components/team/TakeOut.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { type Dataset, permissionWord } from '@/services/datasets.ts';
import { datasetsOfQuery } from '@/services/people.ts';

/** The groups that somebody is in. */
export function Memberships({ who, groups }: { who: Named; groups: Named[] }) {
  const columns = useMemo(() => groupColumns(who), [who]);
  return (
    <Section
      title="Groups"
      lead="What is shared with a group is shared with all in it."
      actions={<JoinGroupButton who={who} />}
    >
      <DataTable label="Groups" rows={groups} columns={columns} empty="In no group yet." />
    </Section>
  );
}

function groupColumns(who: Named): Columns<Named> {
  return [
    {
      header: 'Name',
      accessorKey: 'name',
      cell: ({ row: { original: group } }) => (
        <Anchor component={Link} to={`/team/groups/${group.id}`} size="sm" fw={500} c="var(--mantine-color-text)">
          {group.name}
        </Anchor>
      ),
    },
    { id: 'remove', cell: ({ row }) => <TakeOut group={row.original} who={who} /> },
  ];
}

/** The datasets that somebody may see, and what he may do there. */
export function Reach({ who }: { who: Named }) {
  const { data, error } = useQuery(datasetsOfQuery(who.id));
  return (
    <Section title="Datasets" lead="What is open now, by role, groups and what was shared.">
      {error && <Trouble error={error} what="The datasets could not be read" />}
      {data && <DataTable label="Datasets" rows={data.items} columns={datasetColumns} empty="No dataset is open." />}
      {data?.next_cursor && (
        <Text size="sm" c="dimmed" mt="xs">
          These are the first {data.items.length}.
        </Text>
      )}
    </Section>
  );
}

const datasetColumns: Columns<Dataset> = [
  {
    header: 'Name',
    accessorKey: 'name',
    cell: ({ row: { original: dataset } }) => (
      <Anchor
        component={Link}
        to={`/d/${encodeURIComponent(dataset.id)}/runs`}
        size="sm"
        fw={500}
        c="var(--mantine-color-text)"
      >
        {dataset.name}
      </Anchor>
    ),
  },
  { header: 'Permission', id: 'permission', cell: ({ row }) => permissionWord(row.original.my_permission) },
];
