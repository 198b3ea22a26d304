import { Badge, Box, NativeSelect, Skeleton, Stack, Text } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useAccessDeeds } from '@/components/access/deeds.tsx';
import { Explain } from '@/components/access/Explain.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { Pager } from '@/components/Pager.tsx';
import { ShowMore } from '@/components/ShowMore.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import {
  type Grantee,
  type Holder,
  type HolderFilter,
  holdersQuery,
  type SharedGroup,
  sharedGroupsQuery,
} from '@/services/access.ts';
import { type Dataset, type Permission, permissions, permissionWord } from '@/services/datasets.ts';
import { roleWord, useMe } from '@/services/me.ts';
import { rolesQuery } from '@/services/settings.ts';

interface Props {
  dataset: Dataset;
  filter: HolderFilter;
  onPage: (cursor: string | undefined) => void;
}

/** Everyone who has access to a dataset, with what it rests on, and the groups it is shared with. */
export function Holders({ dataset, filter, onPage }: Props) {
  const { data, error, isPlaceholderData, refetch } = useQuery(holdersQuery(dataset.id, filter));
  const people = useMemo(() => peopleOf(dataset), [dataset]);
  if (error && !data)
    return <Trouble error={error} what="Who has access could not be read" retry={() => void refetch()} />;
  if (!data) return <Skeleton height={220} role="status" aria-label="Loading" />;
  return (
    <Stack gap="md" aria-busy={isPlaceholderData}>
      <SharedGroups dataset={dataset} search={filter.search ?? ''} />
      <Box>
        <DataTable
          label="People with access"
          rows={data.items}
          columns={people}
          empty={
            filter.search ? 'Nobody with access is called so.' : 'Nobody has access. Share it with the button above.'
          }
        />
        <Pager first={filter.cursor === undefined} next={data.next_cursor} onPage={onPage} />
      </Box>
    </Stack>
  );
}

/** The groups that it is shared with; not there without any. */
function SharedGroups({ dataset, search }: { dataset: Dataset; search: string }) {
  const groups = useInfiniteQuery(sharedGroupsQuery(dataset.id, search));
  const columns = useMemo(() => groupsOf(dataset), [dataset]);
  const rows = useMemo(() => groups.data?.pages.flatMap((page) => page.items) ?? [], [groups.data]);
  if (groups.error && !groups.data) {
    const again = () => void groups.refetch();
    return <Trouble error={groups.error} what="The groups with access could not be read" retry={again} />;
  }
  if (rows.length === 0) return null;
  return (
    <Box>
      <DataTable label="Groups with access" rows={rows} columns={columns} empty="No group has access." />
      <ShowMore of={groups} />
    </Box>
  );
}

function groupsOf(dataset: Dataset): Columns<SharedGroup> {
  return [
    {
      header: 'Group',
      accessorKey: 'name',
      cell: ({ row }) => (
        <Text size="sm" fw={600}>
          {row.original.name}
        </Text>
      ),
    },
    { header: 'Members', accessorKey: 'member_count' },
    {
      header: 'Granted',
      accessorFn: (g) => permissions.indexOf(g.permission as Permission),
      cell: ({ row }) => (
        <Granted
          dataset={dataset}
          to={{ kind: 'group', ...row.original }}
          has={row.original.permission}
          may={permissions}
        />
      ),
    },
  ];
}

function peopleOf(dataset: Dataset): Columns<Holder> {
  return [
    { header: 'Name', accessorKey: 'name', cell: ({ row }) => <Name of={row.original} /> },
    { header: 'Role', accessorKey: 'role', cell: ({ row }) => roleWord(row.original.role) },
    {
      header: 'May',
      accessorFn: (h) => permissions.indexOf(h.permission as Permission),
      cell: ({ row }) => permissionWord(row.original.permission),
    },
    { header: 'Because', id: 'because', cell: ({ row }) => <Because of={row.original} dataset={dataset} /> },
    { header: 'Granted', id: 'own', cell: ({ row }) => <OwnGrant of={row.original} dataset={dataset} /> },
  ];
}

function Name({ of }: { of: Holder }) {
  const me = useMe();
  return (
    <>
      <Text size="sm" fw={600}>
        {of.name}{' '}
        {of.id === me.id && (
          <Badge variant="default" size="sm">
            You
          </Badge>
        )}
      </Text>
      <Text size="xs" c="dimmed">
        {of.kind === 'service_account' ? 'Service account' : of.email}
      </Text>
    </>
  );
}

/** What the permission rests on, in a few words; all of it behind Explain. */
function Because({ of, dataset }: { of: Holder; dataset: Dataset }) {
  return (
    <>
      <Text size="sm">{groundOf(of)}</Text>
      <Explain dataset={dataset} holder={of} />
    </>
  );
}

/** The ground that a permission rests on. */
export function groundOf(of: Holder): string {
  const capped = of.capped ? `, as much as a ${of.role} may have` : '';
  if (of.admin) return 'Admins may do everything';
  const best = (ground: string) => permissions.indexOf(ground as Permission);
  if (best(of.own) >= Math.max(best(of.group), best(of.default)) && of.own !== 'none') return `Own grant${capped}`;
  if (best(of.group) >= best(of.default) && of.group !== 'none') {
    const via = of.groups.find((g) => g.permission === of.group);
    return `Group ${via?.name ?? ''}${capped}`;
  }
  return 'Default access';
}

function OwnGrant({ of, dataset }: { of: Holder; dataset: Dataset }) {
  const { data: roles } = useQuery(rolesQuery);
  const may = roles?.items.find((r) => r.role === of.role)?.may_be_granted ?? [];
  if (of.admin && of.own === 'none') {
    return (
      <Text size="sm" c="dimmed">
        Not needed
      </Text>
    );
  }
  return <Granted dataset={dataset} to={{ kind: 'user', id: of.id, name: of.name }} has={of.own} may={may} />;
}

interface GrantedProps {
  dataset: Dataset;
  to: Grantee;
  has: string;
  may: readonly string[]; // be granted to him
}

/** What was granted to someone, to be changed once the effect was shown. */
function Granted({ dataset, to, has, may }: GrantedProps) {
  const { askGrant, busy } = useAccessDeeds(dataset);
  const choices = permissions.filter((p) => p === 'none' || p === has || may.includes(p));
  return (
    <NativeSelect
      size="xs"
      w={120}
      aria-label={`Granted to ${to.name}`}
      data={choices.map((value) => ({ value, label: value === 'none' ? 'Nothing' : permissionWord(value) }))}
      aria-busy={busy} // not disabled: the focus stays here
      value={has}
      onChange={(e) => askGrant({ kind: to.kind, id: to.id, name: to.name }, has, e.currentTarget.value as Permission)}
    />
  );
}
