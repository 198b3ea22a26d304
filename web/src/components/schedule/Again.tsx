import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { SyntheticEvent } from 'react';
import { PagePending } from '@/components/PagePending.tsx';
import { changesOf } from '@/components/run/changes.ts';
import { Changes } from '@/components/run/Lineage.tsx';
import { RunLink } from '@/components/runs/RunLink.tsx';
import { Asked } from '@/components/schedule/Asked.tsx';
import { WhyNot } from '@/components/schedule/Fill.tsx';
import { useOperatorForm } from '@/components/schedule/useForm.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { isObject } from '@/forms/model.ts';
import { isProblem } from '@/services/api.ts';
import { operatorQuery, type Params } from '@/services/operators.ts';
import { nameOf, rerun, type Run, runQuery } from '@/services/runs.ts';

/** A run once more, with other inputs: in the same form, filled with those that it had. */
export function Again({ id }: { id: string }) {
  const { data, error } = useQuery(runQuery(id));
  if (error) return <Trouble error={error} what="The run could not be read" />;
  return data ? <Offered key={id} run={data} /> : <PagePending />;
}

/** Its form, unless its operator may not be run again. */
function Offered({ run }: { run: Run }) {
  const { data, error } = useQuery(operatorQuery(run.operator, run.dataset_id ?? undefined));
  if (error) return <Trouble error={error} what="The operator could not be read" />;
  if (data === undefined) return <PagePending />;
  if (data === null) return <Alert color="gray">Its operator is not installed any more.</Alert>;
  return data.why_not === null ? <Edited run={run} /> : <WhyNot of={data} />;
}

function Edited({ run }: { run: Run }) {
  const first: Params = isObject(run.params) ? run.params : {};
  const ask = { operator: run.operator, dataset: run.dataset_id ?? undefined, params: first };
  const { form, params, setParams, retry } = useOperatorForm(ask);
  const scheduled = useAgain(run);
  const send = (e: SyntheticEvent) => {
    e.preventDefault();
    scheduled.mutate(params);
  };
  const enter = (next: Params) => {
    setParams(next);
    if (scheduled.isError) scheduled.reset();
  };
  const refused = isProblem(scheduled.error) ? scheduled.error.faults : undefined;
  const changes = changesOf(first, params);
  return (
    <form onSubmit={send} noValidate aria-label="Inputs of the run">
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          Again, after{' '}
          <RunLink run={run} underline="always">
            “{nameOf(run)}”
          </RunLink>
          : {run.operator} on {run.dataset ?? 'no dataset'}, at {run.orchestrator}, with the plugin’s current version.
        </Text>
        <Asked form={form} params={params} setParams={enter} retry={retry} refused={refused} />
        {changes.length > 0 && <Changes changes={changes} />}
        {scheduled.error && <Trouble error={scheduled.error} what="The run was not scheduled again" />}
        <Group justify="flex-end">
          <Button type="submit" loading={scheduled.isPending}>
            Re-run
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function useAgain(run: Run) {
  const navigate = useNavigate();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (params: Params) => rerun(run.id, params),
    onSuccess: (again) => {
      void client.invalidateQueries({ queryKey: ['runs'] });
      return navigate({ to: '/runs/$id', params: { id: again.id } });
    },
  });
}
