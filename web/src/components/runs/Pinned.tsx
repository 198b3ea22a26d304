import { ActionIcon, Button, Group, Stack, Text, Title, Tooltip } from '@mantine/core';
import { IconPinnedOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Ago } from '@/components/Ago.tsx';
import { Badge } from '@/components/runs/Badge.tsx';
import { useRunDeeds } from '@/components/runs/deeds.tsx';
import { RunLink } from '@/components/runs/RunLink.tsx';
import type { Dataset } from '@/services/datasets.ts';
import { useMe } from '@/services/me.ts';
import { nameOf, rightsOn, runsQuery, type RunItem } from '@/services/runs.ts';
import classes from './Pinned.module.css';

const shownAtFirst = 5;

/** The runs that people of a dataset want to find again. */
export function Pinned({ dataset }: { dataset: Dataset }) {
  const { data } = useQuery(runsQuery({ dataset: dataset.id, pinned: true }, 100));
  const [all, setAll] = useState(false);
  const runs = data?.items ?? [];
  const more = runs.length - shownAtFirst;
  return (
    <aside className={classes.pinned} aria-label="Pinned runs">
      <Title order={2} mb="xs">
        Pinned
      </Title>
      {runs.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing is pinned. A pinned run shows here for everybody who sees the dataset.
        </Text>
      )}
      <Stack gap={0}>
        {(all ? runs : runs.slice(0, shownAtFirst)).map((run) => (
          <Pin key={run.id} run={run} dataset={dataset} />
        ))}
      </Stack>
      {more > 0 && (
        <Button variant="subtle" size="compact-sm" mt={4} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show ${more} more`}
        </Button>
      )}
    </aside>
  );
}

function Pin({ run, dataset }: { run: RunItem; dataset: Dataset }) {
  const { pin } = useRunDeeds();
  const may = rightsOn(run, useMe(), dataset).pin;
  return (
    <div className={classes.pin}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <RunLink run={run} size="sm" fw={550} c="var(--mantine-color-text)" truncate>
          {nameOf(run)}
        </RunLink>
        {may && (
          <Tooltip label="Unpin">
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              aria-label={`Unpin ${nameOf(run)}`}
              onClick={() => pin.mutate(run)}
            >
              <IconPinnedOff size={14} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      <Group gap="xs">
        <Badge status={run.status} />
        <Text size="xs" c="dimmed">
          <Ago at={run.scheduled_at} />
        </Text>
      </Group>
    </div>
  );
}
