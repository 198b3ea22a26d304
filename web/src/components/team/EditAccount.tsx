import { Button, Group as Row, Modal, NativeSelect, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useFilled } from '@/components/forms.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { type Account, changeAccount, makeAccount } from '@/services/accounts.ts';
import { type Role, roleChoices, roleMeaning, settingsQuery } from '@/services/me.ts';

/** Opens the dialog that makes a service account, and goes to its page, where keys are made. */
export function NewAccountButton() {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const made = ({ id }: Account) => void navigate({ to: '/team/service-accounts/$id', params: { id } });
  return (
    <>
      <Button onClick={() => setOpen(true)}>New service account</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title="New service account">
        <NewAccount done={made} />
      </Modal>
    </>
  );
}

const fresh: { name: string; role: Role; description: string } = { name: '', role: 'member', description: '' };

function NewAccount({ done }: { done: (account: Account) => void }) {
  const [role, setRole] = useState(fresh.role);
  const { data: settings } = useQuery(settingsQuery);
  const form = useForm({ mode: 'uncontrolled', initialValues: fresh });
  form.watch('role', ({ value }) => setRole(value));
  const { submit, busy, trouble } = useFilled(form, { send: makeAccount, refresh: [['accounts']], done });
  const mute = settings?.api_key_roles.some((r) => r === role) === false;
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Name" required data-autofocus key={form.key('name')} {...form.getInputProps('name')} />
        <NativeSelect
          label="Role"
          description={mute ? 'API keys are not open to this role: it could do nothing.' : roleMeaning[role]}
          data={roleChoices}
          key={form.key('role')}
          {...form.getInputProps('role')}
        />
        <Textarea
          label="Description"
          description="What it is for"
          autosize
          minRows={2}
          key={form.key('description')}
          {...form.getInputProps('description')}
        />
        {trouble && <Trouble error={trouble} what="The service account was not made" />}
        <Row justify="flex-end">
          <Button type="submit" loading={busy}>
            Make account
          </Button>
        </Row>
      </Stack>
    </form>
  );
}

/** Opens the dialog that renames and describes a service account. */
export function ChangeAccountButton({ account }: { account: Account }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        Change…
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={`Change “${account.name}”`}>
        <ChangeAccount account={account} done={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function ChangeAccount({ account, done }: { account: Account; done: () => void }) {
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: account.name, description: account.description },
  });
  const { submit, busy, trouble } = useFilled(form, {
    send: (values) => changeAccount(account.id, values),
    refresh: [['accounts'], ['groups']],
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
        {trouble && <Trouble error={trouble} what="The service account was not changed" />}
        <Row justify="flex-end">
          <Button type="submit" loading={busy}>
            Save
          </Button>
        </Row>
      </Stack>
    </form>
  );
}
