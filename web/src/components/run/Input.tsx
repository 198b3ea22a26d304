import { lazy, Suspense } from 'react';
import { Empty } from '@/components/Empty.tsx';
import { PagePending } from '@/components/PagePending.tsx';
import { Lineage } from '@/components/run/Lineage.tsx';
import { Values } from '@/components/run/Values.tsx';
import { isObject, modelOf } from '@/forms/model.ts';
import { Shown } from '@/forms/Shown.tsx';
import type { Run } from '@/services/runs.ts';

const SchemaForm = lazy(() => import('@/forms/SchemaForm.tsx'));

/** What the run was given, in the form that asked for it. */
export function Input({ run }: { run: Run }) {
  return (
    <>
      <Values value={run.params}>
        <Filled run={run} />
      </Values>
      {run.rerun_of && <Lineage run={run} of={run.rerun_of} />}
    </>
  );
}

function Filled({ run: { params, inputs_schema } }: { run: Run }) {
  if (!isObject(params) || Object.keys(params).length === 0) return <Empty>It was given nothing.</Empty>;
  if (!inputs_schema) return <Shown value={params} model={modelOf(null)} />;
  return (
    <Suspense fallback={<PagePending />}>
      <SchemaForm described={inputs_schema} value={params} readOnly />
    </Suspense>
  );
}
