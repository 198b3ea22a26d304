import { Button } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { useState } from 'react';
import { Edit } from '@/components/orchestrators/Edit.tsx';
import { OrchestratorList } from '@/components/orchestrators/OrchestratorList.tsx';
import { Page } from '@/components/Page.tsx';
import { orchestratorsQuery } from '@/services/orchestrators.ts';

export const Route = createFileRoute('/orchestrators/')({
  loader: ({ context }) => context.queryClient.query({ ...orchestratorsQuery, staleTime: 'static' }),
  component: Orchestrators,
});

function Orchestrators() {
  const { data } = useSuspenseQuery(orchestratorsQuery);
  const [adding, setAdding] = useState(false);
  return (
    <Page
      title="Orchestrators"
      wide
      lead="Where runs do their work."
      actions={<Button onClick={() => setAdding(true)}>Add orchestrator</Button>}
    >
      <OrchestratorList items={data.items} />
      {adding && <Edit close={() => setAdding(false)} />}
    </Page>
  );
}
