import { Anchor, Group, SimpleGrid, Skeleton, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Ago } from '@/components/Ago.tsx';
import { Page } from '@/components/Page.tsx';
import { WaitingBadge } from '@/components/runs/Badge.tsx';
import { RunLink } from '@/components/runs/RunLink.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { useMe } from '@/services/me.ts';
import { nameOf, type RunFilter, runsQuery } from '@/services/runs.ts';
import classes from './Home.module.css';

/** Where one begins: what of one's own runs goes on, and what has gone wrong. */
export function Home() {
  const me = useMe();
  return (
    <Page title="Home" lead={`Your runs, ${me.name}.`}>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Recent title="Recent runs" filter={{ mine: true }} empty="You have not run anything yet." />
        <Recent
          title="Failed lately"
          filter={{ mine: true, status: ['failed'] }}
          empty="None of your runs has failed."
        />
      </SimpleGrid>
      <Anchor component={Link} to="/runs" size="sm" mt="md" display="inline-block">
        All runs
      </Anchor>
    </Page>
  );
}

function Recent({ title, filter, empty }: { title: string; filter: RunFilter; empty: string }) {
  const { data, error } = useQuery(runsQuery(filter, 8));
  return (
    <section className={classes.card} aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      {error && !data && <Trouble error={error} what="The runs could not be read" />}
      {!data && !error && <Skeleton height={160} aria-label="Loading" />}
      {data?.items.length === 0 && (
        <Text size="sm" c="dimmed">
          {empty}
        </Text>
      )}
      {data?.items.map((run) => (
        <Group key={run.id} className={classes.run} justify="space-between" wrap="nowrap" gap="sm">
          <RunLink run={run} size="sm" fw={550} c="var(--mantine-color-text)" truncate>
            {nameOf(run)}
          </RunLink>
          <Group gap="sm" wrap="nowrap" className={classes.how ?? ''}>
            <Text size="xs" c="dimmed" visibleFrom="xs">
              <Ago at={run.scheduled_at} />
            </Text>
            <WaitingBadge id={run.id} status={run.status} />
          </Group>
        </Group>
      ))}
    </section>
  );
}
