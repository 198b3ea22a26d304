import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { grievous } from '@/components/confirm.tsx';
import { useFilled } from '@/components/forms.ts';
import { tell } from '@/components/told.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { scrubLog } from '@/services/logs.ts';

/** Lets an admin blank out, for ever, what should never have got into a log. */
export function Scrub({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Group justify="flex-end" mt="xs">
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => setOpen(true)}>
          Blank out text…
        </Button>
      </Group>
      <Modal opened={open} onClose={close} title="Blank out text in this log">
        <Ask id={id} close={close} />
      </Modal>
    </>
  );
}

function Ask({ id, close }: { id: string; close: () => void }) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { texts: '' } });
  const { submit, busy, trouble } = useFilled(form, {
    send: ({ texts }) =>
      scrubLog(
        id,
        texts.split('\n').filter((text) => text !== ''),
      ),
    refresh: [['runs', 'one', id]],
    done: ({ places }) => {
      tell(places === 1 ? 'One place was blanked out.' : `${places} places were blanked out.`);
      close();
    },
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <Textarea
          label="Text"
          description="One in each line, such as a key that the operator printed. It is looked for in JSON, URLs and Base64, too."
          required
          autosize
          minRows={2}
          maxRows={8}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          key={form.key('texts')}
          {...form.getInputProps('texts')}
        />
        <Text size="sm">
          It is blanked out in what is kept of the log, for ever. What the run writes afterwards, and copies that
          somebody has downloaded, are not reached. The audit log and the events of the run tell that you did it, not
          the text.
        </Text>
        {trouble && <Trouble error={trouble} what="Nothing is known to be blanked out" />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" color={grievous} loading={busy}>
            Blank out
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
