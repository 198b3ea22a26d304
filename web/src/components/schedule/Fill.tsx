import { Alert, Button, Group, Loader, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, type SyntheticEvent, useState } from 'react';
import type { ScheduleSearch } from '@/components/schedule/search.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { isProblem } from '@/services/api.ts';
import { formQuery, operatorQuery, type Params } from '@/services/operators.ts';
import { newKey, scheduleRun } from '@/services/runs.ts';

const SchemaForm = lazy(() => import('@/forms/SchemaForm.tsx'));

interface Props {
  operator: string; // URI
  search: ScheduleSearch;
  change: (to: Partial<ScheduleSearch>) => void;
}

/** What is entered for a run of an operator. */
export function Fill({ operator, search }: Props) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: of } = useQuery(operatorQuery(operator, search.dataset));
  const form = useQuery(formQuery({ operator, dataset: search.dataset, params: {} }));
  const [params, setParams] = useState<Params>({});
  const [label, setLabel] = useState('');
  const scheduled = useMutation({
    mutationFn: () =>
      scheduleRun({ operator, params, dataset: search.dataset ?? null, label: label || null }, newKey()),
    onSuccess: (run) => {
      void client.invalidateQueries({ queryKey: ['runs'] });
      return navigate({ to: '/runs/$id', params: { id: run.id } });
    },
  });
  const send = (e: SyntheticEvent) => {
    e.preventDefault();
    scheduled.mutate();
  };
  if (of === null) return <Alert color="gray">There is no such operator, or you may not see it.</Alert>;
  const faults = isProblem(scheduled.error) ? scheduled.error.faults : (form.data?.errors ?? []);
  return (
    <form onSubmit={send}>
      {form.error && <Trouble error={form.error} what="The form could not be made" />}
      <Suspense fallback={<Loader aria-label="Loading" />}>
        {form.data?.inputs_schema && (
          <SchemaForm described={form.data.inputs_schema} value={params} onChange={setParams} faults={faults} />
        )}
      </Suspense>
      <TextInput label="Name of the run" value={label} onChange={(e) => setLabel(e.currentTarget.value)} mb="md" />
      {scheduled.error && <Trouble error={scheduled.error} what="The run was not scheduled" />}
      <Group justify="flex-end">
        <Button type="submit" loading={scheduled.isPending} disabled={of?.why_not !== null}>
          Schedule run
        </Button>
      </Group>
    </form>
  );
}
