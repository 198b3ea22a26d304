import { createFileRoute } from '@tanstack/react-router';
import { Sessions } from '@/components/security/Sessions.tsx';
import { adminsOnly } from '@/services/me.ts';
import { textOf } from '@/services/search.ts';
import { allSessionsQuery } from '@/services/sessions.ts';

export const Route = createFileRoute('/security/sessions')({
  beforeLoad: adminsOnly,
  validateSearch: (given: Record<string, unknown>): { q?: string | undefined; cursor?: string | undefined } => ({
    q: textOf(given.q),
    cursor: textOf(given.cursor),
  }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => {
    const filter = { search: deps.q, cursor: deps.cursor };
    context.queryClient.query(allSessionsQuery(filter)).catch(() => undefined); // the list tells it
  },
  component: AllSessions,
});

function AllSessions() {
  return <Sessions search={Route.useSearch()} />;
}
