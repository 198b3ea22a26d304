import { List, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Trouble } from '@/components/Trouble.tsx';
import { explainQuery, type Question } from '@/services/access.ts';
import { type Dataset, permissionWord } from '@/services/datasets.ts';

const asked: [Question['action'], string][] = [
  ['view', 'See it and its runs'],
  ['see_all_runs', 'See other people’s runs'],
  ['export', 'Export it'],
  ['clone', 'Clone it'],
  ['tag', 'Tag its samples'],
  ['edit', 'Change its samples'],
  ['pin_runs', 'Pin runs and rename any run'],
  ['end_runs', 'Stop any run'],
  ['manage', 'Change who has access'],
];

/** What I may do with a dataset that I do not manage, and why. */
export function MyAccess({ dataset }: { dataset: Dataset }) {
  return (
    <Stack gap="md" maw={720}>
      <div>
        <Title order={2} size="h4">
          {permissionWord(dataset.my_permission)}
        </Title>
        <Ground dataset={dataset} />
        <Text size="sm" c="dimmed">
          Whoever manages {dataset.name}, and every admin, can give you more.
        </Text>
      </div>
      <List listStyleType="none" spacing="sm" aria-label="What you may do">
        {asked.map(([action, words]) => (
          <May key={action} dataset={dataset} action={action} words={words} />
        ))}
      </List>
    </Stack>
  );
}

/** What the permission rests on. */
function Ground({ dataset }: { dataset: Dataset }) {
  const { data } = useQuery(explainQuery({ action: 'view', dataset: dataset.id }));
  const ground = data?.steps.find((s) => s.name === 'permission');
  return <Text size="sm">{ground?.detail ?? '…'}</Text>;
}

function May({ dataset, action, words }: { dataset: Dataset; action: Question['action']; words: string }) {
  const { data, error } = useQuery(explainQuery({ action, dataset: dataset.id }));
  if (error || !data) {
    return (
      <List.Item>
        {error ? (
          <Trouble error={error} what={`${words}: it could not be found out`} />
        ) : (
          <Skeleton height={36} role="status" aria-label="Loading" />
        )}
      </List.Item>
    );
  }
  return (
    <List.Item
      icon={
        <ThemeIcon size={22} radius="xl" variant="light" color={data.allowed ? 'teal' : 'gray'}>
          {data.allowed ? <IconCheck size={14} aria-label="Yes:" /> : <IconX size={14} aria-label="No:" />}
        </ThemeIcon>
      }
    >
      <Text size="sm" fw={550}>
        {words}
      </Text>
      <Text size="sm" c="dimmed">
        {data.reason}
      </Text>
    </List.Item>
  );
}
