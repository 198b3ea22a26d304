import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Invitations } from '@/components/team/Invitations.tsx';
import { invitationsQuery } from '@/services/people.ts';

export const Route = createFileRoute('/team/invitations')({
  loader: ({ context }) => context.queryClient.query({ ...invitationsQuery, staleTime: 'static' }),
  component: AllInvitations,
});

function AllInvitations() {
  return <Invitations invitations={useSuspenseQuery(invitationsQuery).data.items} />;
}
