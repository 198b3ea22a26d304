import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Runs } from '@/components/runs/Runs.tsx';
import { filterOf, runSearch } from '@/components/runs/search.ts';
import { datasetQuery } from '@/services/datasets.ts';
import { runsQuery } from '@/services/runs.ts';

export const Route = createFileRoute('/d/$dataset/runs')({
  validateSearch: runSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps, params }) => {
    context.queryClient.query(runsQuery(filterOf(deps, params.dataset))).catch(() => undefined); // the list tells it
    return context.queryClient.query({ ...datasetQuery(params.dataset), staleTime: 'static' });
  },
  component: RunsOfDataset,
});

function RunsOfDataset() {
  const { data } = useSuspenseQuery(datasetQuery(Route.useParams().dataset));
  return <Runs search={Route.useSearch()} dataset={data} />;
}
