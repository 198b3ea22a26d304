import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Input } from '@/components/run/Input.tsx';
import { runQuery } from '@/services/runs.ts';

export const Route = createFileRoute('/runs/$id/input')({ component: Tab });

function Tab() {
  const { data } = useSuspenseQuery(runQuery(Route.useParams().id));
  return <Input run={data} />;
}
