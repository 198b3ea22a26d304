import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { UserPage } from '@/components/team/UserPage.tsx';
import { userQuery } from '@/services/people.ts';

export const Route = createFileRoute('/team/users/$id')({
  loader: ({ context, params }) => context.queryClient.query({ ...userQuery(params.id), staleTime: 'static' }),
  component: OneUser,
});

function OneUser() {
  return <UserPage user={useSuspenseQuery(userQuery(Route.useParams().id)).data} />;
}
