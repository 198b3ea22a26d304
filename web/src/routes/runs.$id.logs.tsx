import { createFileRoute } from '@tanstack/react-router';
import { Logs } from '@/components/logs/Logs.tsx';
import { logSearch } from '@/components/logs/search.ts';

export const Route = createFileRoute('/runs/$id/logs')({ validateSearch: logSearch, component: Tab });

function Tab() {
  return <Logs key={Route.useParams().id} id={Route.useParams().id} search={Route.useSearch()} />;
}
