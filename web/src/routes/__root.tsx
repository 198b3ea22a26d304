import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext } from '@tanstack/react-router';
import { Shell } from '@/components/shell/Shell.tsx';
import { meQuery } from '@/services/me.ts';

// Who is not logged in leaves for the login page while this is read, and comes back here.
export const Route = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  beforeLoad: ({ context }) => context.queryClient.query({ ...meQuery, staleTime: 'static' }),
  component: Shell,
});
