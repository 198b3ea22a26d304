import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Access } from '@/components/access/Access.tsx';
import { holdersQuery } from '@/services/access.ts';
import { allows, datasetQuery } from '@/services/datasets.ts';
import { textOf } from '@/services/search.ts';

export const Route = createFileRoute('/d/$dataset/access')({
  validateSearch: (given: Record<string, unknown>): { q?: string | undefined; cursor?: string | undefined } => ({
    q: textOf(given.q),
    cursor: textOf(given.cursor),
  }),
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps, params }) => {
    const dataset = await queryClient.query({ ...datasetQuery(params.dataset), staleTime: 'static' });
    if (!allows(dataset.my_permission, 'manage')) return;
    queryClient.query(holdersQuery(dataset.id, { search: deps.q, cursor: deps.cursor })).catch(() => undefined); // the list tells it
  },
  component: AccessToDataset,
});

function AccessToDataset() {
  const { data } = useSuspenseQuery(datasetQuery(Route.useParams().dataset));
  return <Access dataset={data} search={Route.useSearch()} />;
}
