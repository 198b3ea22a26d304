import { Alert, Button, Code, Group, Modal, NativeSelect, Select, Stack, Text } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { choicesOf, type Choice, mayGrant } from '@/components/access/choices.ts';
import { accessKeys } from '@/components/access/deeds.tsx';
import { Copy } from '@/components/Copy.tsx';
import { useDeed } from '@/components/deed.ts';
import { Foretold, useForetold } from '@/components/Effect.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import {
  candidatesQuery,
  effectOfShare,
  type Grantee,
  type Invited,
  inviteTo,
  roleByInvitation,
  share,
  shortestSearch,
} from '@/services/access.ts';
import { type Dataset, type Permission, permissionWord } from '@/services/datasets.ts';
import { roleWord } from '@/services/me.ts';
import { rolesQuery } from '@/services/settings.ts';

interface Props {
  dataset: Dataset;
}

/** The button that shares a dataset, and its dialog. */
export function Share({ dataset }: Props) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button size="xs" onClick={open}>
        Share
      </Button>
      {opened && <ShareDialog dataset={dataset} close={close} />}
    </>
  );
}

function ShareDialog({ dataset, close }: Props & { close: () => void }) {
  const [chosen, setChosen] = useState<Choice>();
  const [wanted, setWanted] = useState<Permission>('view');
  const [made, setMade] = useState<Invited>();
  const { data: roles } = useQuery(rolesQuery);
  const levels = mayGrant(chosen, roles?.items ?? []);
  const permission = levels.includes(wanted) ? wanted : 'view';
  const admin = chosen !== undefined && levels.length === 0;
  return (
    <Modal opened onClose={close} title={`Share “${dataset.name}”`} size="md">
      {made ? (
        <Made invited={made} close={close} />
      ) : (
        <Stack gap="sm">
          <Finder dataset={dataset} chosen={chosen} choose={setChosen} />
          <NativeSelect
            label="May"
            description={
              chosen?.role && levels.length > 0 && levels.length < 4
                ? `A ${chosen.role} may be given no more than these.`
                : undefined
            }
            data={levels.map((value) => ({ value, label: permissionWord(value) }))}
            disabled={levels.length === 0}
            value={permission}
            onChange={(e) => setWanted(e.currentTarget.value as Permission)}
          />
          {admin && <Text size="sm">{chosen.name} is an admin, who may do everything already.</Text>}
          {chosen?.kind === 'invitation' ? (
            <Inviting dataset={dataset} email={chosen.name} permission={permission} done={setMade} close={close} />
          ) : (
            <Granting dataset={dataset} to={admin ? undefined : chosen} permission={permission} close={close} />
          )}
        </Stack>
      )}
    </Modal>
  );
}

interface FinderProps extends Props {
  chosen: Choice | undefined;
  choose: (to: Choice | undefined) => void;
}

/** Finds people and groups as one types; an address that is nobody's can be invited. */
function Finder({ dataset, chosen, choose }: FinderProps) {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 200);
  const { data, error, isFetching } = useQuery(candidatesQuery(dataset.id, search));
  const found = choicesOf(search.length < shortestSearch ? undefined : data, search);
  const known = chosen && !found.some((c) => c.value === chosen.value) ? [...found, chosen] : found;
  const kinds = [
    { kind: 'user', group: 'People' },
    { kind: 'group', group: 'Groups' },
    { kind: 'invitation', group: 'By invitation' },
  ] as const;
  return (
    <>
      <Select
        label="With"
        placeholder="Name, email or group"
        searchable
        clearable
        data-autofocus
        data={kinds
          .map(({ kind, group }) => ({ group, items: known.filter((c) => c.kind === kind) }))
          .filter(({ items }) => items.length > 0)}
        filter={({ options }) => options} // the server has searched
        nothingFoundMessage={hint(search, isFetching)}
        searchValue={typed}
        onSearchChange={setTyped}
        value={chosen?.value ?? null}
        onChange={(value) => choose(known.find((c) => c.value === value))}
      />
      {error && <Trouble error={error} what="Nobody could be searched for" />}
    </>
  );
}

function hint(search: string, searching: boolean): string {
  if (search.length < shortestSearch) return 'Type two letters or more';
  return searching ? 'Searching…' : 'Nobody is called so. Type a whole email to invite somebody.';
}

interface GrantingProps extends Props {
  to: Grantee | undefined;
  permission: Permission;
  close: () => void;
}

function Granting({ dataset, to, permission, close }: GrantingProps) {
  const { data, error } = useForetold(
    [dataset.id, to?.id, permission],
    () => effectOfShare(dataset.id, to ?? { kind: 'user', id: '', name: '' }, permission),
    to !== undefined,
  );
  const grant = useDeed({
    act: (whom: Grantee) => share(dataset.id, whom, permission),
    refresh: accessKeys(dataset),
    done: (_, whom) => `${whom.name}: ${permissionWord(permission)} on ${dataset.name}.`,
    failed: `${dataset.name} was not shared`,
  });
  return (
    <>
      <div aria-live="polite">{to && <Foretold data={data} error={error} />}</div>
      <Buttons
        verb="Share"
        busy={grant.isPending}
        ready={to !== undefined && data !== undefined && !error}
        act={() => to && grant.mutate(to, { onSuccess: close })}
        close={close}
      />
    </>
  );
}

interface InvitingProps extends Props {
  email: string;
  permission: Permission;
  done: (made: Invited) => void;
  close: () => void;
}

function Inviting({ dataset, email, permission, done, close }: InvitingProps) {
  const invite = useDeed({
    act: () => inviteTo(dataset.id, email, permission === 'none' ? 'view' : permission),
    refresh: [['access', dataset.id, 'invitations'], ['invitations']],
    failed: `${email} was not invited`,
  });
  const role = roleByInvitation(permission);
  return (
    <>
      <Text size="sm">
        {email} is nobody’s yet. Who accepts the invitation joins as {roleWord(role)}
        {permission === 'manage' ? ', who may have Can edit at most' : ''}. Until then nobody gains anything.
      </Text>
      <Buttons
        verb="Invite"
        busy={invite.isPending}
        ready
        act={() => invite.mutate(undefined, { onSuccess: done })}
        close={close}
      />
    </>
  );
}

function Made({ invited, close }: { invited: Invited; close: () => void }) {
  return (
    <Stack gap="sm">
      <Text size="sm">
        {invited.mailed
          ? `The invitation was mailed to ${invited.email}. This is its link, which is not shown again:`
          : `Give ${invited.email} this link, which is not shown again:`}
      </Text>
      <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
        {invited.link}
      </Code>
      {invited.mail_error && (
        <Alert color="yellow" title="It was not mailed">
          {invited.mail_error}
        </Alert>
      )}
      <Group justify="flex-end">
        <Copy text={invited.link} label="Copy link" />
        <Button size="xs" onClick={close}>
          Done
        </Button>
      </Group>
    </Stack>
  );
}

interface ButtonsProps {
  verb: string;
  busy: boolean;
  ready: boolean;
  act: () => void;
  close: () => void;
}

function Buttons({ verb, busy, ready, act, close }: ButtonsProps) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={close}>
        Cancel
      </Button>
      <Button loading={busy} disabled={!ready} onClick={act}>
        {verb}
      </Button>
    </Group>
  );
}
