import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { OrchestratorPage } from '@/components/orchestrators/OrchestratorPage.tsx';
import { orchestratorQuery } from '@/services/orchestrators.ts';

export const Route = createFileRoute('/orchestrators/$id')({
  loader: ({ context, params: { id } }) => context.queryClient.query({ ...orchestratorQuery(id), staleTime: 'static' }),
  component: OneOrchestrator,
});

function OneOrchestrator() {
  const { data } = useSuspenseQuery(orchestratorQuery(Route.useParams().id));
  return <OrchestratorPage of={data} />;
}
