import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Output } from '@/components/run/Output.tsx';
import { runQuery } from '@/services/runs.ts';

export const Route = createFileRoute('/runs/$id/output')({ component: Tab });

function Tab() {
  const { data } = useSuspenseQuery(runQuery(Route.useParams().id));
  return <Output run={data} />;
}
