import { Button, Group as Row, Modal, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useFilled } from '@/components/forms.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { changeGroup, type Group, makeGroup } from '@/services/groups.ts';

/** Opens the dialog that makes a group, and goes to its page. */
export function NewGroupButton() {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const made = ({ id }: Group) => void navigate({ to: '/team/groups/$id', params: { id } });
  return (
    <>
      <Button onClick={() => setOpen(true)}>New group</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title="New group">
        <EditGroup done={made} />
      </Modal>
    </>
  );
}

/** Opens the dialog that renames and describes a group. */
export function ChangeGroupButton({ group }: { group: Group }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        Change…
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={`Change “${group.name}”`}>
        <EditGroup group={group} done={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function EditGroup({ group, done }: { group?: Group; done: (group: Group) => void }) {
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: group?.name ?? '', description: group?.description ?? '' },
  });
  const { submit, busy, trouble } = useFilled(form, {
    send: (values) => (group ? changeGroup(group.id, values) : makeGroup(values)),
    refresh: [['groups'], ['users'], ['accounts'], ['me']],
    done,
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Name" required data-autofocus key={form.key('name')} {...form.getInputProps('name')} />
        <Textarea
          label="Description"
          autosize
          minRows={2}
          key={form.key('description')}
          {...form.getInputProps('description')}
        />
        {trouble && <Trouble error={trouble} what={group ? 'The group was not changed' : 'The group was not made'} />}
        <Row justify="flex-end">
          <Button type="submit" loading={busy}>
            {group ? 'Save' : 'Make group'}
          </Button>
        </Row>
      </Stack>
    </form>
  );
}
