import { Button, Code, Group, Modal, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { Copy } from '@/components/Copy.tsx';
import { useFilled } from '@/components/forms.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { makeKey, type NewKey } from '@/services/keys.ts';

/** Opens the dialog that makes a key, for whom may have some. */
export function MakeKey({ whyNot }: { whyNot: string | undefined }) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Tooltip label={whyNot} disabled={whyNot === undefined} multiline w={260}>
        <span>
          <Button disabled={whyNot !== undefined} onClick={() => setOpen(true)}>
            Make key
          </Button>
        </span>
      </Tooltip>
      <Modal opened={open} onClose={close} title="Make an API key" centered>
        <Make close={close} />
      </Modal>
    </>
  );
}

function Make({ close }: { close: () => void }) {
  const [made, setMade] = useState<NewKey>();
  return made ? <Made made={made} close={close} /> : <Ask done={setMade} />;
}

function Ask({ done }: { done: (made: NewKey) => void }) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: '', expires_at: '' } });
  const { submit, busy, trouble } = useFilled(form, {
    send: ({ name, expires_at: day }) => makeKey({ name, expires_at: day === '' ? null : endOf(day) }),
    refresh: [['me', 'keys']],
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
        <TextInput
          label="Last day"
          description="Empty: it does not expire"
          type="date"
          key={form.key('expires_at')}
          {...form.getInputProps('expires_at')}
        />
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

/** The end of a day such as 2030-01-31, where the person is. */
export function endOf(day: string): string {
  return new Date(`${day}T23:59:59`).toISOString();
}

function Made({ made, close }: { made: NewKey; close: () => void }) {
  return (
    <Stack>
      <Text size="sm">This is the key “{made.name}”. It is shown this once; copy it now.</Text>
      <Code block>{made.key}</Code>
      <Group justify="flex-end">
        <Copy text={made.key} label="Copy key" />
        <Button size="xs" onClick={close}>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
