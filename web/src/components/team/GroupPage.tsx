import { Anchor, Badge, Group as Row, Text } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { Page } from '@/components/Page.tsx';
import { Pager } from '@/components/Pager.tsx';
import { Section } from '@/components/Section.tsx';
import { Searching } from '@/components/Searching.tsx';
import { useSearchChange } from '@/components/searchChange.ts';
import { AddMemberButton } from '@/components/team/AddMember.tsx';
import { Back } from '@/components/team/Back.tsx';
import { ChangeGroupButton } from '@/components/team/EditGroup.tsx';
import { RemoveGroup } from '@/components/team/RemoveGroup.tsx';
import { TakeOut } from '@/components/team/TakeOut.tsx';
import type { Group, GroupMember, NameSearch } from '@/services/groups.ts';

interface Props {
  group: Group;
  members: GroupMember[];
  next: string | null;
  search: NameSearch;
}

/** One group: who is in it. */
export function GroupPage({ group, members, next, search }: Props) {
  const navigate = useNavigate();
  const actions = (
    <Row gap="xs">
      <ChangeGroupButton group={group} />
      <RemoveGroup group={group} then={() => void navigate({ to: '/team/groups' })} />
    </Row>
  );
  return (
    <Page
      title={group.name}
      lead={group.description || undefined}
      actions={actions}
      above={<Back to="/team/groups">Groups</Back>}
    >
      <Section
        title="Members"
        lead={group.member_count === 1 ? 'One is in it.' : `${group.member_count} are in it.`}
        actions={<AddMemberButton group={group} />}
      >
        <Members group={group} members={members} next={next} search={search} />
      </Section>
    </Page>
  );
}

function Members({ group, members, next, search }: Props) {
  const change = useSearchChange<NameSearch>();
  const columns = useMemo(() => columnsOf(group), [group]);
  return (
    <>
      <Row mb="sm" role="search" aria-label="Members">
        <Searching label="Search" placeholder="Search name, address" text={search.q} find={(q) => change({ q })} />
      </Row>
      <DataTable
        label="Members"
        rows={members}
        columns={columns}
        empty={
          search.q === undefined ? 'Nobody is in this group. Add users or service accounts.' : 'Nobody in it fits.'
        }
      />
      <Pager first={search.cursor === undefined} next={next} onPage={(cursor) => change({ cursor })} />
    </>
  );
}

function columnsOf(group: Group): Columns<GroupMember> {
  return [
    { header: 'Name', id: 'name', cell: ({ row }) => <Name of={row.original} /> },
    {
      header: 'Put there by',
      id: 'by',
      cell: ({ row: { original: member } }) =>
        member.locked_by === null ? 'an admin' : `the login provider ${member.locked_by}`,
    },
    {
      id: 'remove',
      cell: ({ row }) => <TakeOut group={group} who={row.original} locked={row.original.locked_by} />,
    },
  ];
}

function Name({ of }: { of: GroupMember }) {
  const account = of.kind === 'service_account';
  const to = account ? `/team/service-accounts/${of.id}` : `/team/users/${of.id}`;
  return (
    <>
      <Anchor component={Link} to={to} size="sm" fw={500} c="var(--mantine-color-text)">
        {of.name}
      </Anchor>{' '}
      {account && (
        <Badge variant="default" size="sm" tt="none">
          Service account
        </Badge>
      )}
      <Text size="xs" c="dimmed">
        {of.email}
      </Text>
    </>
  );
}
