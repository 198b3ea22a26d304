import { Badge, NativeSelect, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { Ago } from '@/components/Ago.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { usePeopleDeeds } from '@/components/team/deeds.ts';
import { RemoveUser } from '@/components/team/RemoveUser.tsx';
import { type Role, roles, useMe } from '@/services/me.ts';
import type { User } from '@/services/people.ts';

interface Props {
  users: User[];
  more: boolean; // there are others, that a search finds
  search: string | undefined;
  find: (text: string) => void;
}

/** Everybody who has an account, with his role. */
export function Members({ users, more, search, find }: Props) {
  return (
    <Stack gap="sm">
      <TextInput
        type="search"
        aria-label="Search members"
        placeholder="Search"
        maw={320}
        defaultValue={search ?? ''}
        onChange={(e) => find(e.currentTarget.value)}
      />
      <DataTable
        label="Members"
        rows={users}
        columns={columns}
        empty="Nobody fits. Invite them with the button above."
      />
      {more && (
        <Text size="sm" c="dimmed">
          These are the first {users.length}. Search for the others.
        </Text>
      )}
    </Stack>
  );
}

const columns: Columns<User> = [
  { header: 'Name', accessorKey: 'name', cell: ({ row }) => <Name user={row.original} /> },
  { header: 'Role', accessorKey: 'role', cell: ({ row }) => <RoleChoice user={row.original} /> },
  { header: 'Groups', id: 'groups', cell: ({ row }) => row.original.groups.map((g) => g.name).join(', ') },
  {
    header: 'Last login',
    accessorKey: 'last_seen_at',
    cell: ({ row }) => (row.original.last_seen_at ? <Ago at={row.original.last_seen_at} /> : 'Never'),
  },
  { id: 'remove', cell: ({ row }) => <RemoveUser user={row.original} /> },
];

function Name({ user }: { user: User }) {
  const me = useMe();
  return (
    <>
      <Text size="sm" fw={500}>
        {user.name} {user.id === me.id && <Badge variant="default">You</Badge>}
      </Text>
      <Text size="xs" c="dimmed">
        {user.email}
      </Text>
    </>
  );
}

function RoleChoice({ user }: { user: User }) {
  const { change } = usePeopleDeeds();
  const locked = user.role_locked_by;
  const choice = (
    <NativeSelect
      size="xs"
      w={130}
      aria-label={`Role of ${user.name}`}
      data={[...roles]}
      value={change.isPending ? change.variables.role : user.role}
      disabled={locked !== null || change.isPending}
      onChange={(e) => change.mutate({ user, role: e.currentTarget.value as Role })}
    />
  );
  if (locked === null) return choice;
  return (
    <Tooltip label={`The login provider ${locked} decides this role`}>
      <div>{choice}</div>
    </Tooltip>
  );
}
