import { Anchor, Badge, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Ago } from '@/components/Ago.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { Pager } from '@/components/Pager.tsx';
import { useSearchChange } from '@/components/searchChange.ts';
import { GroupNames } from '@/components/team/GroupNames.tsx';
import { PeopleFilters } from '@/components/team/PeopleFilters.tsx';
import { RemoveUser } from '@/components/team/RemoveUser.tsx';
import { UserRole } from '@/components/team/UserRole.tsx';
import { useMe } from '@/services/me.ts';
import type { PeopleSearch, User } from '@/services/people.ts';

interface Props {
  users: User[];
  next: string | null;
  search: PeopleSearch;
}

const sorts = { name: 'Name', role: 'Role', seen: 'Last login', newest: 'Newest' };

/** Everybody who has an account, with his role. */
export function Users({ users, next, search }: Props) {
  const change = useSearchChange<PeopleSearch>();
  const narrowed = search.q !== undefined || search.role !== undefined;
  return (
    <>
      <PeopleFilters label="Users" placeholder="Search name, address" search={search} sorts={sorts} />
      <DataTable
        label="Users"
        rows={users}
        columns={columns}
        empty={narrowed ? 'Nobody fits. Search for less, or invite him with the button above.' : 'Nobody is here yet.'}
      />
      <Pager first={search.cursor === undefined} next={next} onPage={(cursor) => change({ cursor })} />
    </>
  );
}

const columns: Columns<User> = [
  { header: 'Name', id: 'name', cell: ({ row }) => <Name user={row.original} /> },
  { header: 'Role', id: 'role', cell: ({ row }) => <UserRole user={row.original} /> },
  { header: 'Groups', id: 'groups', cell: ({ row }) => <GroupNames of={row.original.groups} /> },
  { header: 'Last login', id: 'seen', cell: ({ row }) => <LastLogin user={row.original} /> },
  { id: 'remove', cell: ({ row }) => <RemoveUser user={row.original} /> },
];

function Name({ user }: { user: User }) {
  const me = useMe();
  return (
    <>
      <Anchor component={Link} to={`/team/users/${user.id}`} size="sm" fw={500} c="var(--mantine-color-text)">
        {user.name}
      </Anchor>{' '}
      {user.id === me.id && (
        <Badge variant="default" size="sm" tt="none">
          You
        </Badge>
      )}
      <Text size="xs" c="dimmed">
        {user.email}
      </Text>
    </>
  );
}

/** When somebody logged in last. */
export function LastLogin({ user }: { user: User }) {
  return user.last_seen_at ? <Ago at={user.last_seen_at} /> : 'Never';
}
