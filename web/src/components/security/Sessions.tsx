import { Badge, Box, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Ago } from '@/components/Ago.tsx';
import { confirm } from '@/components/confirm.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { useDeed } from '@/components/deed.ts';
import { Pager } from '@/components/Pager.tsx';
import { Searching } from '@/components/Searching.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { roleWord } from '@/services/me.ts';
import { allSessionsQuery, endAnySession, endSessionsOf, type UserSession } from '@/services/sessions.ts';

interface Props {
  search: { q?: string | undefined; cursor?: string | undefined };
}

/** Who is logged in, from where, and the end of it. */
export function Sessions({ search }: Props) {
  const navigate = useNavigate();
  const go = (to: Props['search'], replace: boolean) =>
    void navigate({ to: '.', search: (before) => ({ ...before, ...to }), replace });
  return (
    <Stack gap="sm">
      <Group>
        <Searching
          label="Search sessions"
          placeholder="Name or email"
          text={search.q}
          find={(q) => go({ q, cursor: undefined }, true)}
        />
      </Group>
      <List search={search} onPage={(cursor) => go({ cursor }, false)} />
    </Stack>
  );
}

function List({ search, onPage }: Props & { onPage: (cursor: string | undefined) => void }) {
  const { data, error, isPlaceholderData, refetch } = useQuery(
    allSessionsQuery({ search: search.q, cursor: search.cursor }),
  );
  if (error && !data) return <Trouble error={error} what="Sessions could not be read" retry={() => void refetch()} />;
  if (!data) return <Skeleton height={220} role="status" aria-label="Loading" />;
  return (
    <Box aria-busy={isPlaceholderData}>
      <DataTable
        label="Sessions"
        rows={data.items}
        columns={columns}
        empty={search.q ? 'Nobody of this name is logged in.' : 'Nobody is logged in: you came with an API key.'}
      />
      <Pager first={search.cursor === undefined} next={data.next_cursor} onPage={onPage} />
    </Box>
  );
}

const columns: Columns<UserSession> = [
  { header: 'User', accessorFn: (s) => s.user.name, cell: ({ row }) => <Whose of={row.original} /> },
  { header: 'With', accessorKey: 'agent', cell: ({ row }) => <With of={row.original} /> },
  { header: 'Address', accessorKey: 'address' },
  { header: 'Login', accessorFn: loginOf },
  { header: 'Last seen', accessorKey: 'seen_at', cell: ({ row }) => <When at={row.original.seen_at} /> },
  { header: 'Ends', accessorKey: 'expires_at', cell: ({ row }) => <When at={row.original.expires_at} /> },
  { id: 'end', header: 'Actions', cell: ({ row }) => <End of={row.original} /> },
];

function loginOf(s: UserSession): string {
  if (s.provider === 'device') return 'let in by him';
  return s.provider || 'demonstration';
}

function When({ at }: { at: string }) {
  return (
    <Text size="sm" span style={{ whiteSpace: 'nowrap' }}>
      <Ago at={at} />
    </Text>
  );
}

function Whose({ of }: { of: UserSession }) {
  return (
    <>
      <Text size="sm" fw={600} style={{ whiteSpace: 'nowrap' }}>
        {of.user.name}
      </Text>
      {of.current && (
        <Badge variant="default" size="sm" miw="max-content">
          This one
        </Badge>
      )}
      <Text size="xs" c="dimmed">
        {[of.user.email, roleWord(of.user.role)].filter(Boolean).join(' · ')}
      </Text>
    </>
  );
}

function With({ of }: { of: UserSession }) {
  return (
    <Text size="sm" maw={180} truncate title={of.agent}>
      {of.agent || 'Unknown'}
    </Text>
  );
}

const refresh = [['sessions'], ['me']];

function End({ of }: { of: UserSession }) {
  const end = useDeed({
    act: (s: UserSession) => endAnySession(s.id),
    refresh,
    failed: (s) => `The session of ${s.user.name} was not ended`,
  });
  const everywhere = useDeed({
    act: (s: UserSession) => endSessionsOf(s.user.id),
    refresh,
    done: (_, s) => (s.current ? 'You are logged out everywhere else.' : `${s.user.name} is logged out everywhere.`),
    failed: (s) => `${s.user.name} was not logged out`,
  });
  const askEnd = () =>
    confirm({
      title: `End this session of “${of.user.name}”?`,
      effect: 'That browser or program has to log in again. API keys go on to work.',
      verb: 'End session',
      act: () => end.mutate(of),
    });
  const askAll = () =>
    confirm({
      title: of.current ? 'Log yourself out everywhere else?' : `Log “${of.user.name}” out everywhere?`,
      effect: 'All browsers and programs that he is logged in with have to log in again. API keys go on to work.',
      verb: 'Log out',
      act: () => everywhere.mutate(of),
    });
  return (
    <Group gap={4} wrap="nowrap">
      <Button
        size="compact-sm"
        variant="default"
        disabled={of.current}
        title={of.current ? 'To end this one, log out' : undefined}
        loading={end.isPending}
        aria-label={`End this session of ${of.user.name}`}
        onClick={askEnd}
      >
        End
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        loading={everywhere.isPending}
        aria-label={`Log ${of.user.name} out everywhere`}
        onClick={askAll}
      >
        {of.current ? 'Everywhere else' : 'Everywhere'}
      </Button>
    </Group>
  );
}
