import { Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useFilled } from '@/components/forms.ts';
import { endOf, terms } from '@/components/keys/expiry.ts';
import { Once } from '@/components/Once.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { WhyNot } from '@/components/WhyNot.tsx';
import { keysQuery, makeKey, type NewKey, type Owner } from '@/services/keys.ts';

interface Props {
  owner: Owner;
  whyNot: string | undefined; // why no key can be made, if none can
}

/** Opens the dialog that makes a key. */
export function MakeKey({ owner, whyNot }: Props) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <WhyNot reason={whyNot}>
        <Button variant="default" disabled={whyNot !== undefined} onClick={() => setOpen(true)}>
          Make key
        </Button>
      </WhyNot>
      <Modal opened={open} onClose={close} title="Make an API key" closeOnClickOutside={false}>
        <Make owner={owner} close={close} />
      </Modal>
    </>
  );
}

function Make({ owner, close }: { owner: Owner; close: () => void }) {
  const [made, setMade] = useState<NewKey>();
  if (!made) return <Ask owner={owner} done={setMade} />;
  const says = `This is the key “${made.name}”. It is shown this once; copy it now.`;
  return <Once says={says} secret={made.key} copy="Copy key" close={close} />;
}

function Ask({ owner, done }: { owner: Owner; done: (made: NewKey) => void }) {
  const [term, setTerm] = useState('90');
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: '', expires_at: '' } });
  const { submit, busy, trouble } = useFilled(form, {
    send: ({ name, expires_at: day }) => makeKey(owner, { name, expires_at: endOf(term, day, Date.now()) }),
    refresh: [keysQuery(owner).queryKey],
    done,
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description="What it is for"
          required
          data-autofocus
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <NativeSelect label="Good for" data={terms} value={term} onChange={(e) => setTerm(e.currentTarget.value)} />
        {term === 'day' && (
          <TextInput
            label="Last day"
            type="date"
            required
            key={form.key('expires_at')}
            {...form.getInputProps('expires_at')}
          />
        )}
        {trouble && <Trouble error={trouble} what="The key was not made" />}
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            Make key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
