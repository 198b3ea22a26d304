import { Button, Group, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Ago } from '@/components/Ago.tsx';
import { useOrchestratorDeeds } from '@/components/orchestrators/deeds.ts';
import { Outward } from '@/components/Outward.tsx';
import { ShowMore } from '@/components/ShowMore.tsx';
import { RunLink } from '@/components/runs/RunLink.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { type Ledger, openWorkQuery, type Orchestrator } from '@/services/orchestrators.ts';
import { nameOf } from '@/services/runs.ts';

/** The runs that hold a slot, and where what is there differs from what we think. */
export function Work({ of }: { of: Orchestrator }) {
  const work = useInfiniteQuery(openWorkQuery(of.id));
  const ledger = work.data?.pages[0]?.ledger;
  const items = work.data?.pages.flatMap((page) => page.items);
  const { reconcile } = useOrchestratorDeeds();
  return (
    <section>
      <Group mb="xs">
        <Title order={2} size="h4">
          Open work
        </Title>
        {of.kind !== 'builtin' && (
          <Button
            size="compact-sm"
            variant="default"
            loading={reconcile.isPending}
            onClick={() => reconcile.mutate(of)}
          >
            Look now
          </Button>
        )}
      </Group>
      {work.error && <Trouble error={work.error} what="Its work could not be read" />}
      {ledger && <Drifts ledger={ledger} />}
      {items?.map((run) => (
        <Text size="sm" key={run.id}>
          <RunLink run={run} underline="always">
            {nameOf(run)}
          </RunLink>{' '}
          {run.status}, by {run.created_by.name}, last sign of life{' '}
          {run.work.seen_at ? <Ago at={run.work.seen_at} /> : 'none yet'}
        </Text>
      ))}
      <ShowMore of={work} />
      {items?.length === 0 && (
        <Text size="sm" c="dimmed">
          No run holds a slot there.
        </Text>
      )}
    </section>
  );
}

function Drifts({ ledger }: { ledger: Ledger }) {
  return (
    <>
      <Text size="sm">
        {ledger.polled_at ? (
          <>
            Seen <Ago at={ledger.polled_at} />
          </>
        ) : (
          'Not seen yet'
        )}
        {ledger.version && `, version ${ledger.version}`}
        {ledger.trouble && `. ${ledger.failures} looks failed since: ${ledger.trouble}`}
      </Text>
      {ledger.blocked.map((b) => (
        <Text size="sm" key={b.target}>
          <b>{b.target}</b> {b.why}
        </Text>
      ))}
      {[...ledger.mismatches, ...ledger.lost].map((d) => (
        <Text size="sm" key={d.run_id}>
          <RunLink run={{ id: d.run_id }} underline="always">
            {d.run_id}
          </RunLink>
          : {d.asserted} here, {d.observed || 'not seen'} there. {d.why}
        </Text>
      ))}
      {ledger.orphans.map((o) => (
        <Text size="sm" key={o.ref}>
          <Outward to={o.url}>{o.ref}</Outward>: {o.known}
        </Text>
      ))}
    </>
  );
}
