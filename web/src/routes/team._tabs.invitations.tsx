import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Invitations } from '@/components/team/Invitations.tsx';
import { invitationSearch, invitationsQuery } from '@/services/invitations.ts';

export const Route = createFileRoute('/team/_tabs/invitations')({
  validateSearch: invitationSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => context.queryClient.query({ ...invitationsQuery(deps), staleTime: 'static' }),
  component: AllInvitations,
});

function AllInvitations() {
  const search = Route.useSearch();
  const { data } = useSuspenseQuery(invitationsQuery(search));
  return <Invitations invitations={data.items} next={data.next_cursor} search={search} />;
}
