import { Alert, Button, List, Loader, Modal, NativeSelect, Select, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Trouble } from '@/components/Trouble.tsx';
import { sentence } from '@/services/api.ts';
import { explainQuery, type Holder, type Question } from '@/services/access.ts';
import { type Dataset, permissionWord } from '@/services/datasets.ts';
import { isAdmin, useMe } from '@/services/me.ts';
import { operatorsQuery } from '@/services/operators.ts';

interface Props {
  dataset: Dataset;
  holder: Holder;
}

/** Opens all that somebody's permission rests on; admins may ask there what he may do. */
export function Explain({ dataset, holder }: Props) {
  const [opened, { open, close }] = useDisclosure(false);
  const me = useMe();
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        ml={-6}
        aria-label={`Explain the access of ${holder.name}`}
        onClick={open}
      >
        Explain
      </Button>
      <Modal opened={opened} onClose={close} title={`Why ${holder.name} has access`}>
        <Stack gap="md">
          <Grounds of={holder} dataset={dataset} />
          {(isAdmin(me) || holder.id === me.id) && <Ask dataset={dataset} holder={holder} />}
        </Stack>
      </Modal>
    </>
  );
}

function Grounds({ of, dataset }: { of: Holder; dataset: Dataset }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {permissionWord(of.permission)}
      </Text>
      <Text size="sm" mb="xs">
        {of.reason}
      </Text>
      <List size="sm">
        <List.Item>
          Role {of.role}
          {of.admin && ', who may do everything'}
        </List.Item>
        <List.Item>Granted to himself: {permissionWord(of.own)}</List.Item>
        {of.groups.map((g) => (
          <List.Item key={g.id}>
            Through the group {g.name}: {permissionWord(g.permission)}
          </List.Item>
        ))}
        <List.Item>
          Default access of {dataset.name}: {permissionWord(dataset.default_permission)}
          {of.role !== 'member' && !of.admin && ', but only for members'}
        </List.Item>
      </List>
    </div>
  );
}

const actions = {
  view: 'see the dataset',
  tag: 'tag its samples',
  edit: 'change its samples',
  manage: 'change who has access',
  export: 'export it',
  clone: 'clone it',
  schedule: 'run an operator',
  prioritise: 'schedule with a priority above 0',
  see_all_runs: 'see other people’s runs',
  pin_runs: 'pin runs',
  rename_runs: 'rename any run',
  end_runs: 'end any run',
} as const;
type Action = keyof typeof actions;
const questions = Object.entries(actions).map(([value, label]) => ({ value, label: `May he ${label}?` }));

/** Asks the procedure that decides itself. */
function Ask({ dataset, holder }: Props) {
  const [action, setAction] = useState<Action>('view');
  const [operator, setOperator] = useState<string | null>(null);
  const { data: operators } = useQuery({ ...operatorsQuery(), enabled: action === 'schedule' });
  const ready = action !== 'schedule' || operator !== null;
  return (
    <Stack gap="xs">
      <NativeSelect
        label="Ask"
        data={questions}
        value={action}
        onChange={(e) => setAction(e.currentTarget.value as Action)}
      />
      {action === 'schedule' && (
        <Select
          aria-label="Operator"
          placeholder="Which operator"
          searchable
          data={operators?.items.map((o) => ({ value: o.uri, label: o.label || o.uri })) ?? []}
          value={operator}
          onChange={setOperator}
        />
      )}
      {ready && (
        <Answer
          to={{
            principal: holder.id,
            action,
            dataset: dataset.id,
            ...(action === 'schedule' && operator ? { operator } : {}),
          }}
        />
      )}
    </Stack>
  );
}

function Answer({ to }: { to: Question }) {
  const { data, error } = useQuery(explainQuery(to));
  if (error) return <Trouble error={error} what="It could not be found out" />;
  if (!data) return <Loader size="sm" aria-label="Finding out" />;
  return (
    <Stack gap="xs" aria-live="polite">
      <Alert
        color={data.allowed ? 'teal' : 'gray'}
        icon={data.allowed ? <IconCheck /> : <IconX />}
        title={data.allowed ? 'Yes' : 'No'}
      >
        {data.reason}
      </Alert>
      <List size="sm" aria-label="What was looked at">
        {data.steps.map((s) => (
          <List.Item key={s.name}>
            <Text span size="sm" c="dimmed">
              {sentence(s.name).replace(/\.$/, ':')}
            </Text>{' '}
            {s.detail}
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}
