import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { GroupPage } from '@/components/team/GroupPage.tsx';
import { groupQuery, membersQuery, nameSearch } from '@/services/groups.ts';

export const Route = createFileRoute('/team/groups/$id')({
  validateSearch: nameSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, params: { id }, deps }) =>
    Promise.all([
      queryClient.query({ ...groupQuery(id), staleTime: 'static' }),
      queryClient.query({ ...membersQuery(id, deps), staleTime: 'static' }),
    ]),
  component: OneGroup,
});

function OneGroup() {
  const { id } = Route.useParams();
  const search = Route.useSearch();
  const group = useSuspenseQuery(groupQuery(id)).data;
  const { data } = useSuspenseQuery(membersQuery(id, search));
  return <GroupPage group={group} members={data.items} next={data.next_cursor} search={search} />;
}
