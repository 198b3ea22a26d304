import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Events } from '@/components/run/Events.tsx';
import { runQuery } from '@/services/runs.ts';

export const Route = createFileRoute('/runs/$id/events')({ component: Tab });

function Tab() {
  const { data } = useSuspenseQuery(runQuery(Route.useParams().id));
  return <Events run={data} />;
}
