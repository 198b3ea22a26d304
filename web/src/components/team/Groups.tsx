import { Anchor, Group as Row, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Ago } from '@/components/Ago.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { Pager } from '@/components/Pager.tsx';
import { Searching } from '@/components/Searching.tsx';
import { useSearchChange } from '@/components/searchChange.ts';
import { RemoveGroup } from '@/components/team/RemoveGroup.tsx';
import type { Group, NameSearch } from '@/services/groups.ts';

interface Props {
  groups: Group[];
  next: string | null;
  search: NameSearch;
}

/** The groups that datasets are shared with. */
export function Groups({ groups, next, search }: Props) {
  const change = useSearchChange<NameSearch>();
  return (
    <>
      <Row mb="sm" role="search" aria-label="Groups">
        <Searching label="Search" placeholder="Search name" text={search.q} find={(q) => change({ q })} />
      </Row>
      <DataTable
        label="Groups"
        rows={groups}
        columns={columns}
        empty={
          search.q === undefined
            ? 'No groups yet. Make one with the button above, and share datasets with all in it at once.'
            : 'No group fits.'
        }
      />
      <Pager first={search.cursor === undefined} next={next} onPage={(cursor) => change({ cursor })} />
    </>
  );
}

const columns: Columns<Group> = [
  {
    header: 'Name',
    id: 'name',
    cell: ({ row }) => (
      <>
        <Anchor
          component={Link}
          to={`/team/groups/${row.original.id}`}
          size="sm"
          fw={500}
          c="var(--mantine-color-text)"
        >
          {row.original.name}
        </Anchor>
        <Text size="xs" c="dimmed" lineClamp={2}>
          {row.original.description}
        </Text>
      </>
    ),
  },
  { header: 'Members', id: 'members', cell: ({ row }) => row.original.member_count },
  { header: 'Made', id: 'made', cell: ({ row }) => <Ago at={row.original.created_at} /> },
  { id: 'remove', cell: ({ row }) => <RemoveGroup group={row.original} /> },
];
