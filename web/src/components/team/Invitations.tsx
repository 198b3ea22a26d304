import { Badge, Button, Group, Modal, Switch, Text } from '@mantine/core';
import { IconCheck, IconClock, IconClockOff, IconX } from '@tabler/icons-react';
import { type ReactNode, useMemo, useState } from 'react';
import { Ago } from '@/components/Ago.tsx';
import { Grave } from '@/components/Grave.tsx';
import { confirm } from '@/components/confirm.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { useDeed } from '@/components/deed.ts';
import { Pager } from '@/components/Pager.tsx';
import { useSearchChange } from '@/components/searchChange.ts';
import { useInvitationDeeds } from '@/components/team/deeds.ts';
import { Sent } from '@/components/team/Invite.tsx';
import { permissionWord } from '@/services/datasets.ts';
import { type Invitation, type InvitationSearch, inviteAgain, type Invited } from '@/services/invitations.ts';
import { roleWord } from '@/services/me.ts';

interface Props {
  invitations: Invitation[];
  next: string | null;
  search: InvitationSearch;
}

/** Who was invited, and what became of it. */
export function Invitations({ invitations, next, search }: Props) {
  const change = useSearchChange<InvitationSearch>();
  const [sent, setSent] = useState<Invited>();
  const columns = useMemo(() => columnsOf(setSent), []);
  return (
    <>
      <Switch
        size="sm"
        mb="sm"
        label="Only open ones"
        checked={search.open !== undefined}
        onChange={(e) => change({ open: e.currentTarget.checked ? 'yes' : undefined })}
      />
      <DataTable
        label="Invitations"
        rows={invitations}
        columns={columns}
        empty={
          search.open
            ? 'No invitation is open. Invite somebody with the button above.'
            : 'No invitations yet. Invite somebody with the button above.'
        }
      />
      <Pager first={search.cursor === undefined} next={next} onPage={(cursor) => change({ cursor })} />
      <Modal
        opened={sent !== undefined}
        onClose={() => setSent(undefined)}
        title={`“${sent?.email ?? ''}” is invited again`}
        closeOnClickOutside={false}
      >
        {sent && <Sent invited={sent} close={() => setSent(undefined)} />}
      </Modal>
    </>
  );
}

/** The link of an invitation that is sent again is shown by the list: the row of the one before may be gone by then. */
const columnsOf = (onSent: (invited: Invited) => void): Columns<Invitation> => [
  { header: 'Address', id: 'email', cell: ({ row }) => row.original.email },
  { header: 'As', id: 'as', cell: ({ row }) => <As of={row.original} /> },
  { header: 'State', id: 'state', cell: ({ row }) => <State of={row.original} /> },
  { header: 'Invited by', id: 'by', cell: ({ row }) => row.original.invited_by.name },
  { header: 'Invited', id: 'at', cell: ({ row }) => <Ago at={row.original.created_at} /> },
  { id: 'deeds', cell: ({ row }) => row.original.state !== 'accepted' && <Deeds of={row.original} onSent={onSent} /> },
];

function As({ of }: { of: Invitation }) {
  return (
    <>
      {roleWord(of.role)}
      {of.dataset && of.permission && (
        <Text size="xs" c="dimmed">
          {permissionWord(of.permission)} {of.dataset.name}
        </Text>
      )}
    </>
  );
}

const states: Record<Invitation['state'], { icon: ReactNode; word: string; color: string }> = {
  open: { icon: <IconClock size={12} aria-hidden />, word: 'Open', color: 'var(--sb-queued)' },
  accepted: { icon: <IconCheck size={12} aria-hidden />, word: 'Accepted', color: 'var(--sb-completed)' },
  revoked: { icon: <IconX size={12} aria-hidden />, word: 'Taken back', color: 'var(--sb-scheduled)' },
  expired: { icon: <IconClockOff size={12} aria-hidden />, word: 'Expired', color: 'var(--sb-scheduled)' },
};

function State({ of }: { of: Invitation }) {
  const { icon, word, color } = states[of.state];
  const at = { open: of.expires_at, accepted: of.accepted_at, revoked: of.revoked_at, expired: of.expires_at }[
    of.state
  ];
  return (
    <>
      <Badge variant="default" leftSection={icon} styles={{ root: { color } }} tt="none">
        {word}
      </Badge>
      {at && (
        <Text size="xs" c="dimmed">
          {of.state === 'open' && 'ends '}
          <Ago at={at} />
        </Text>
      )}
    </>
  );
}

interface DeedsProps {
  of: Invitation;
  onSent: (invited: Invited) => void;
}

function Deeds({ of, onSent }: DeedsProps) {
  const { revoke } = useInvitationDeeds();
  const ask = () =>
    confirm({
      title: `Take back the invitation of “${of.email}”?`,
      effect: 'Its link opens nothing from then on.',
      verb: 'Take back',
      act: () => revoke.mutate(of),
    });
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      <Again of={of} onSent={onSent} />
      {of.state === 'open' && (
        <Grave label={`Take back the invitation of ${of.email}`} onClick={ask}>
          Take back…
        </Grave>
      )}
    </Group>
  );
}

/** Invites once more, by a new link; the one before opens nothing from then on. */
function Again({ of, onSent }: DeedsProps) {
  const again = useDeed({
    act: () => inviteAgain(of),
    refresh: [['invitations']],
    failed: `${of.email} was not invited again`,
  });
  const send = async () => onSent(await again.mutateAsync(undefined));
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      aria-label={`Send the invitation of ${of.email} again`}
      loading={again.isPending}
      onClick={() => void send().catch(() => undefined)} // the deed has told what went wrong
    >
      Send again
    </Button>
  );
}
