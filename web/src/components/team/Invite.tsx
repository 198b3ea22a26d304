import { Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconUserPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useFilled } from '@/components/forms.ts';
import { Once } from '@/components/Once.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { type Role, roleChoices, roleMeaning } from '@/services/me.ts';
import { invite, type Invited } from '@/services/invitations.ts';

/** Opens the dialog that invites somebody. */
export function InviteButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
        Invite
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title="Invite to Signalbox" closeOnClickOutside={false}>
        <Invite close={() => setOpen(false)} />
      </Modal>
    </>
  );
}

/** Asks whom to invite as what, and then gives the link. */
function Invite({ close }: { close: () => void }) {
  const [sent, setSent] = useState<Invited>();
  return sent ? <Sent invited={sent} close={close} /> : <Ask done={setSent} />;
}

const whom: { email: string; role: Role } = { email: '', role: 'member' };

function Ask({ done }: { done: (invited: Invited) => void }) {
  const [role, setRole] = useState(whom.role);
  const form = useForm({ mode: 'uncontrolled', initialValues: whom });
  form.watch('role', ({ value }) => setRole(value));
  const { submit, busy, trouble } = useFilled(form, { send: invite, refresh: [['invitations']], done });
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Address"
          type="email"
          required
          data-autofocus
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <NativeSelect
          label="Role"
          description={roleMeaning[role]}
          data={roleChoices}
          key={form.key('role')}
          {...form.getInputProps('role')}
        />
        {trouble && <Trouble error={trouble} what="Nobody was invited" />}
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            Invite
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The link is shown this once: whoever could not be mailed gets it by hand. */
export function Sent({ invited, close }: { invited: Invited; close: () => void }) {
  const says = (
    <>
      {invited.mailed
        ? `The link was mailed to ${invited.email}. It is shown this once.`
        : `No mail was sent. Give ${invited.email} this link; it is shown this once.`}
      {invited.mail_error && <Text size="sm">The mail failed: {invited.mail_error}</Text>}
    </>
  );
  return <Once says={says} secret={invited.link} copy="Copy link" close={close} />;
}
