import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Roles } from '@/components/security/Roles.tsx';
import { rolesQuery } from '@/services/settings.ts';

export const Route = createFileRoute('/security/roles')({
  loader: ({ context }) => context.queryClient.query({ ...rolesQuery, staleTime: 'static' }),
  component: AllRoles,
});

function AllRoles() {
  return <Roles roles={useSuspenseQuery(rolesQuery).data.items} />;
}
