import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { RunFrame } from '@/components/run/RunFrame.tsx';
import { runQuery } from '@/services/runs.ts';

export const Route = createFileRoute('/runs/$id')({
  loader: ({ context, params }) => context.queryClient.query({ ...runQuery(params.id), staleTime: 'static' }),
  component: RunPage,
});

function RunPage() {
  const { data } = useSuspenseQuery(runQuery(Route.useParams().id));
  return <RunFrame run={data} />;
}
