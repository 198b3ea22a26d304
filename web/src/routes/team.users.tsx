import { useDebouncedCallback } from '@mantine/hooks';
import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Members } from '@/components/team/Members.tsx';
import { usersQuery } from '@/services/people.ts';
import { textOf } from '@/services/search.ts';

export const Route = createFileRoute('/team/users')({
  validateSearch: (search: Record<string, unknown>): { q?: string | undefined } => ({ q: textOf(search.q) }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => context.queryClient.query({ ...usersQuery(deps.q), staleTime: 'static' }),
  component: Users,
});

function Users() {
  const { q } = Route.useSearch();
  const { data } = useSuspenseQuery(usersQuery(q));
  const navigate = Route.useNavigate();
  const find = useDebouncedCallback(
    (text: string) => void navigate({ search: { q: textOf(text) }, replace: true }),
    200,
  );
  return <Members users={data.items} more={data.next_cursor !== null} search={q} find={find} />;
}
