import { Alert, Button, Group, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type SyntheticEvent, useState } from 'react';
import { Asked } from '@/components/schedule/Asked.tsx';
import type { ScheduleSearch } from '@/components/schedule/search.ts';
import { useOperatorForm } from '@/components/schedule/useForm.ts';
import { Where } from '@/components/schedule/Where.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { isProblem, sentence } from '@/services/api.ts';
import { type Operator, operatorQuery } from '@/services/operators.ts';
import { scheduleRun } from '@/services/runs.ts';

interface Props {
  search: ScheduleSearch & { operator: string };
  change: (to: Partial<ScheduleSearch>) => void;
}

/** What is entered for a run of an operator, unless it may not be run. */
export function Fill({ search, change }: Props) {
  const { data, error } = useQuery(operatorQuery(search.operator, search.dataset));
  if (error) return <Trouble error={error} what="The operator could not be read" />;
  if (data === undefined) return null;
  if (data === null) return <Alert color="gray">There is no such operator.</Alert>;
  return (
    <>
      <About of={data} />
      {data.why_not === null ? <Inputs search={search} change={change} of={data} /> : <WhyNot of={data} />}
    </>
  );
}

function About({ of }: { of: Operator }) {
  return (
    <Text size="sm" c="dimmed">
      {of.uri}
      {of.not_loadable !== null && ` · Its FiftyOne could not load it: ${of.not_loadable}`}
    </Text>
  );
}

/** Why one may not run an operator. */
export function WhyNot({ of }: { of: Operator }) {
  return (
    <Alert color="gray" icon={<IconLock />} title={`You may not run “${of.label}” here`}>
      {sentence(of.why_not ?? '')}
    </Alert>
  );
}

function Inputs({ search, change, of }: Props & { of: Operator }) {
  const { operator, dataset, orchestrator } = search;
  const { form, params, setParams, retry, asking } = useOperatorForm({ operator, dataset, params: {} });
  const [label, setLabel] = useState('');
  const scheduled = useScheduled();
  const enter = (next: typeof params) => {
    setParams(next);
    if (scheduled.isError) scheduled.reset(); // what was wrong may be right now
  };
  const send = (e: SyntheticEvent) => {
    e.preventDefault();
    scheduled.mutate({
      operator,
      params,
      ...(dataset ? { dataset } : {}),
      ...(label ? { label } : {}),
      ...(orchestrator ? { orchestrator } : {}),
    });
  };
  const refused = isProblem(scheduled.error) ? scheduled.error.faults : undefined;
  const fault = (location: string) => refused?.find((f) => f.location === location)?.message;
  return (
    <form onSubmit={send} noValidate aria-label="Inputs of the run">
      <Stack gap="md">
        <Asked form={form} params={params} setParams={enter} retry={retry} refused={refused} />
        <TextInput
          label="Name of the run"
          description="What the run is called in lists"
          placeholder={nameFor(of, form.data?.label)}
          maxLength={200}
          value={label}
          onChange={(e) => setLabel(e.currentTarget.value)}
          error={fault('body.label')}
        />
        <Where
          operator={operator}
          dataset={dataset}
          chosen={orchestrator}
          choose={(id) => change({ orchestrator: id })}
          fault={fault('body.orchestrator')}
        />
        {scheduled.error && <Trouble error={scheduled.error} what="The run was not scheduled" />}
        <Group justify="flex-end">
          <Tooltip label="The form is being asked again" disabled={!asking}>
            <Button type="submit" loading={scheduled.isPending}>
              Schedule run
            </Button>
          </Tooltip>
        </Group>
      </Stack>
    </form>
  );
}

/** Schedules, and goes to the run. */
function useScheduled() {
  const navigate = useNavigate();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Parameters<typeof scheduleRun>[0]) => scheduleRun(body),
    onSuccess: (run) => {
      void client.invalidateQueries({ queryKey: ['runs'] });
      return navigate({ to: '/runs/$id', params: { id: run.id } });
    },
  });
}

/** What the run is called without a name of its own. */
function nameFor(of: Operator, label = ''): string {
  return label === '' ? of.label : label;
}
