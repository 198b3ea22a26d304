import { createFileRoute, redirect } from '@tanstack/react-router';

export const Route = createFileRoute('/team/')({
  loader: () => {
    throw redirect({ to: '/team/users', replace: true });
  },
});
