import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { View } from '@/components/run/View.tsx';
import { runQuery } from '@/services/runs.ts';

export const Route = createFileRoute('/runs/$id/view')({ component: Tab });

function Tab() {
  const { data } = useSuspenseQuery(runQuery(Route.useParams().id));
  return <View run={data} />;
}
