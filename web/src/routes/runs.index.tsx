import { createFileRoute } from '@tanstack/react-router';
import { Runs } from '@/components/runs/Runs.tsx';
import { filterOf, runSearch } from '@/components/runs/search.ts';
import { runsQuery } from '@/services/runs.ts';

export const Route = createFileRoute('/runs/')({
  validateSearch: runSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => {
    context.queryClient.query(runsQuery(filterOf(deps))).catch(() => undefined); // the list tells it
  },
  component: AllRuns,
});

function AllRuns() {
  return <Runs search={Route.useSearch()} />;
}
