import { Alert, Button, Code, Group, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { confirm } from '@/components/confirm.tsx';
import { Copy } from '@/components/Copy.tsx';
import { useFilled } from '@/components/forms.ts';
import { useOrchestratorDeeds } from '@/components/orchestrators/deeds.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { keysQuery, makeKey, type Orchestrator } from '@/services/orchestrators.ts';

/** The keys that workers and tasks of an orchestrator have. One is shown once, when it is made. */
export function Keys({ of }: { of: Orchestrator }) {
  const { data, error } = useQuery(keysQuery(of.id));
  const deeds = useOrchestratorDeeds();
  const [made, setMade] = useState('');
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: '' } });
  const { submit, busy, trouble } = useFilled(form, {
    send: ({ name }) => makeKey(of.id, name),
    refresh: [['orchestrators']],
    done: (key) => {
      setMade(key.key);
      form.reset();
    },
  });
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        Keys
      </Title>
      {error && <Trouble error={error} what="Its keys could not be read" />}
      {data?.items.map((key) => (
        <Group key={key.id} gap="sm" mb={4}>
          <Text size="sm">{key.name}</Text>
          <Button
            size="compact-xs"
            variant="light"
            color="red"
            aria-label={`End the key ${key.name}`}
            onClick={() =>
              confirm({
                title: `End the key “${key.name}”?`,
                effect: 'Who uses it is refused from then on.',
                verb: 'End key',
                act: () => deeds.endKey.mutate({ of, key }),
              })
            }
          >
            End…
          </Button>
        </Group>
      ))}
      {made && (
        <Alert title="Copy it now: it is not shown again" my="xs">
          <Group>
            <Code>{made}</Code>
            <Copy text={made} />
          </Group>
        </Alert>
      )}
      <form onSubmit={submit}>
        <Group align="flex-end" mt="xs">
          <TextInput
            size="xs"
            label="Name of a new key"
            required
            key={form.key('name')}
            {...form.getInputProps('name')}
          />
          <Button size="xs" type="submit" variant="default" loading={busy}>
            Make key
          </Button>
        </Group>
        {trouble && <Trouble error={trouble} what="The key was not made" />}
      </form>
    </section>
  );
}
