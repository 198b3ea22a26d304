import { createFileRoute, redirect } from '@tanstack/react-router';

export const Route = createFileRoute('/security/')({
  loader: () => {
    throw redirect({ to: '/security/roles', replace: true });
  },
});
