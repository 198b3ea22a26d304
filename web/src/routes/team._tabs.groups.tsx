import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Groups } from '@/components/team/Groups.tsx';
import { groupsQuery, nameSearch } from '@/services/groups.ts';

export const Route = createFileRoute('/team/_tabs/groups')({
  validateSearch: nameSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => context.queryClient.query({ ...groupsQuery(deps), staleTime: 'static' }),
  component: AllGroups,
});

function AllGroups() {
  const search = Route.useSearch();
  const { data } = useSuspenseQuery(groupsQuery(search));
  return <Groups groups={data.items} next={data.next_cursor} search={search} />;
}
