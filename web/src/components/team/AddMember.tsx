import { Button, Group as Row, Modal, Stack } from '@mantine/core';
import { useState } from 'react';
import { Foretold, useForetold } from '@/components/Effect.tsx';
import { type Named, useGroupDeeds } from '@/components/team/deeds.ts';
import { Picker } from '@/components/team/Picker.tsx';
import { accountsQuery } from '@/services/accounts.ts';
import { queryClient } from '@/services/cache.ts';
import { effectOfAdding, type Group, groupsQuery } from '@/services/groups.ts';
import { usersQuery } from '@/services/people.ts';

const few = 20;

async function people(text: string) {
  const search = text === '' ? {} : { q: text };
  const [users, accounts] = await Promise.all([
    queryClient.query(usersQuery(search, few)),
    queryClient.query(accountsQuery(search, few)),
  ]);
  return [
    ...users.items.map((u) => ({ id: u.id, name: u.name, about: u.email || u.role })),
    ...accounts.items.map((a) => ({ id: a.id, name: a.name, about: 'service account' })),
  ];
}

async function groups(text: string) {
  const { items } = await queryClient.query(groupsQuery(text === '' ? {} : { q: text }));
  return items.map(({ id, name }) => ({ id, name }));
}

/** Opens the dialog that puts somebody into a group. */
export function AddMemberButton({ group }: { group: Group }) {
  return (
    <Adding
      button="Add member"
      title={`Add to “${group.name}”`}
      picker={{ label: 'Who', placeholder: 'Search name, address', nothing: 'Nobody fits', of: 'people', find: people }}
      pair={(who) => ({ group, who })}
    />
  );
}

/** Opens the dialog that puts one into some group. */
export function JoinGroupButton({ who }: { who: Named }) {
  return (
    <Adding
      button="Add to a group"
      title={`Add “${who.name}” to a group`}
      picker={{ label: 'Group', placeholder: 'Search name', nothing: 'No group fits', of: 'groups', find: groups }}
      pair={(group) => ({ group, who })}
    />
  );
}

interface Props {
  button: string;
  title: string;
  picker: Omit<Parameters<typeof Picker>[0], 'onChange'>;
  pair: (chosen: Named) => { group: Named; who: Named };
}

function Adding({ button, title, picker, pair }: Props) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {button}
      </Button>
      <Modal opened={open} onClose={close} title={title}>
        <Add picker={picker} pair={pair} close={close} />
      </Modal>
    </>
  );
}

function Add({ picker, pair, close }: Pick<Props, 'picker' | 'pair'> & { close: () => void }) {
  const [chosen, setChosen] = useState<Named>();
  return (
    <Stack>
      <Picker {...picker} onChange={setChosen} />
      {chosen && <Chosen {...pair(chosen)} close={close} />}
    </Stack>
  );
}

/** What it would do, and the button that does it. */
function Chosen({ group, who, close }: { group: Named; who: Named; close: () => void }) {
  const { add } = useGroupDeeds();
  const { data, error } = useForetold(['join', group.id, who.id], () => effectOfAdding(group.id, who.id));
  return (
    <>
      <div aria-live="polite">
        <Foretold data={data} error={error} />
      </div>
      <Row justify="flex-end">
        <Button
          disabled={!data || error !== null}
          loading={add.isPending}
          onClick={() => add.mutate({ group, who }, { onSuccess: close })}
        >
          Add
        </Button>
      </Row>
    </>
  );
}
