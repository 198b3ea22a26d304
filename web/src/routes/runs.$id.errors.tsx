import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Errors } from '@/components/run/Errors.tsx';
import { runQuery } from '@/services/runs.ts';

export const Route = createFileRoute('/runs/$id/errors')({ component: Tab });

function Tab() {
  const { data } = useSuspenseQuery(runQuery(Route.useParams().id));
  return <Errors run={data} />;
}
