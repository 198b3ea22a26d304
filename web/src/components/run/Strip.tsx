import { ActionIcon, Button, Group, Text, Title, Tooltip } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { Moment } from '@/components/Ago.tsx';
import { Outward } from '@/components/Outward.tsx';
import { type Action, useActionsOf, useWhyNot } from '@/components/runs/actions.tsx';
import { WaitingBadge } from '@/components/runs/Badge.tsx';
import { Progress } from '@/components/runs/Progress.tsx';
import { RunLink } from '@/components/runs/RunLink.tsx';
import { RunMenu } from '@/components/runs/RunMenu.tsx';
import { RunName } from '@/components/runs/RunName.tsx';
import { WhyNot } from '@/components/WhyNot.tsx';
import { datasetQuery } from '@/services/datasets.ts';
import { nameOf, type Run } from '@/services/runs.ts';
import classes from './run.module.css';

/** What a run is, how it stands, and what can be done with it. */
export function Strip({ run }: { run: Run }) {
  const { data: dataset } = useQuery({ ...datasetQuery(run.dataset_id ?? ''), enabled: run.dataset_id !== null });
  const [renaming, setRenaming] = useState(false);
  const actions = useActionsOf()(run, dataset, () => setRenaming(true));
  const rename = actions.find((a) => a.key === 'rename');
  return (
    <header>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div className={classes.title}>
          <Group gap="xs" wrap="nowrap">
            {renaming ? (
              <RunName run={run} onEnd={() => setRenaming(false)} />
            ) : (
              <Title order={1} className={classes.name ?? ''}>
                {nameOf(run)}
              </Title>
            )}
            {!renaming && rename?.whyNot === undefined && (
              <Tooltip label="Rename">
                <ActionIcon variant="subtle" color="gray" aria-label="Rename" onClick={rename?.act}>
                  <IconPencil size={16} />
                </ActionIcon>
              </Tooltip>
            )}
          </Group>
          <Text size="sm" c="dimmed" className={classes.uri ?? ''}>
            {run.operator}
          </Text>
        </div>
        <Actions actions={actions} name={nameOf(run)} />
      </Group>
      <Group gap="lg" mt="sm" align="center">
        <WaitingBadge id={run.id} status={run.status} />
        <Progress run={run} width={200} />
      </Group>
      <Facts run={run} />
    </header>
  );
}

/** The two that people want most as buttons, the others in the menu. */
function Actions({ actions, name }: { actions: Action[]; name: string }) {
  const rerun = actions.find((a) => a.key === 'rerun');
  const stop = actions.find((a) => a.key === 'stop');
  return (
    <Group gap="xs" wrap="nowrap">
      {stop?.whyNot === undefined && (
        <Button size="xs" variant="default" onClick={stop?.act}>
          Stop…
        </Button>
      )}
      {rerun && <Rerun action={rerun} />}
      <RunMenu actions={actions.filter((a) => a !== rerun)} name={name} />
    </Group>
  );
}

function Rerun({ action }: { action: Action }) {
  const whyNot = useWhyNot(action);
  return (
    <WhyNot reason={whyNot}>
      <Button size="xs" variant="default" disabled={whyNot !== undefined} onClick={action.act}>
        {action.label}
      </Button>
    </WhyNot>
  );
}

function Facts({ run }: { run: Run }) {
  return (
    <dl className={classes.facts}>
      <Fact name="Dataset">
        {run.dataset_id ? (
          <Link to="/d/$dataset/runs" params={{ dataset: run.dataset_id }} className={classes.link}>
            {run.dataset}
          </Link>
        ) : (
          'None'
        )}
      </Fact>
      <Fact name="Orchestrator">
        {run.work.url ? (
          <Outward to={run.work.url} size="sm">
            {run.orchestrator}
          </Outward>
        ) : (
          run.orchestrator
        )}
      </Fact>
      <Fact name="By">{run.created_by.name}</Fact>
      <Fact name="Scheduled">
        <Moment at={run.scheduled_at} />
      </Fact>
      <Fact name="Attempt">{run.attempt === 0 ? 'Not yet sent out' : run.attempt}</Fact>
      <Fact name="Plugin">
        {run.plugin} {run.plugin_version}, revision {run.plugin_revision}
      </Fact>
      {run.priority !== 0 && <Fact name="Priority">{run.priority}</Fact>}
      {run.rerun_of && (
        <Fact name="Re-run of">
          <RunLink run={{ id: run.rerun_of }} size="sm">
            the run before
          </RunLink>
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
