import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Users } from '@/components/team/Users.tsx';
import { peopleSearch, usersQuery } from '@/services/people.ts';

export const Route = createFileRoute('/team/_tabs/users')({
  validateSearch: peopleSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => context.queryClient.query({ ...usersQuery(deps), staleTime: 'static' }),
  component: AllUsers,
});

function AllUsers() {
  const search = Route.useSearch();
  const { data } = useSuspenseQuery(usersQuery(search));
  return <Users users={data.items} next={data.next_cursor} search={search} />;
}
