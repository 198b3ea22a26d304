import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Ago } from '@/components/Ago.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { Pager } from '@/components/Pager.tsx';
import { useSearchChange } from '@/components/searchChange.ts';
import { AccountRole } from '@/components/team/AccountRole.tsx';
import { GroupNames } from '@/components/team/GroupNames.tsx';
import { PeopleFilters } from '@/components/team/PeopleFilters.tsx';
import { RemoveAccount } from '@/components/team/RemoveAccount.tsx';
import type { Account } from '@/services/accounts.ts';
import type { PeopleSearch } from '@/services/people.ts';

interface Props {
  accounts: Account[];
  next: string | null;
  search: PeopleSearch;
}

const sorts = { name: 'Name', role: 'Role', newest: 'Newest' };

/** Principals that are programs. */
export function Accounts({ accounts, next, search }: Props) {
  const change = useSearchChange<PeopleSearch>();
  const narrowed = search.q !== undefined || search.role !== undefined;
  return (
    <>
      <PeopleFilters label="Service accounts" placeholder="Search name" search={search} sorts={sorts} />
      <DataTable
        label="Service accounts"
        rows={accounts}
        columns={columns}
        empty={
          narrowed
            ? 'No service account fits.'
            : 'No service accounts yet. Make one with the button above, for a program that calls the API.'
        }
      />
      <Pager first={search.cursor === undefined} next={next} onPage={(cursor) => change({ cursor })} />
    </>
  );
}

const columns: Columns<Account> = [
  { header: 'Name', id: 'name', cell: ({ row }) => <Name account={row.original} /> },
  { header: 'Role', id: 'role', cell: ({ row }) => <AccountRole account={row.original} /> },
  { header: 'Groups', id: 'groups', cell: ({ row }) => <GroupNames of={row.original.groups} /> },
  { header: 'Made', id: 'made', cell: ({ row }) => <Ago at={row.original.created_at} /> },
  { id: 'remove', cell: ({ row }) => <RemoveAccount account={row.original} /> },
];

function Name({ account }: { account: Account }) {
  return (
    <>
      <Anchor
        component={Link}
        to={`/team/service-accounts/${account.id}`}
        size="sm"
        fw={500}
        c="var(--mantine-color-text)"
      >
        {account.name}
      </Anchor>
      <Text size="xs" c="dimmed" lineClamp={2}>
        {account.description}
      </Text>
    </>
  );
}
