import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext } from '@tanstack/react-router';
import { useLater } from '@/components/afterPaint.ts';
import { Shell } from '@/components/shell/Shell.tsx';
import { meQuery } from '@/services/me.ts';

// Who is not logged in leaves for the login page while this is read, and comes back here.
export const Route = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  loader: ({ context }) => context.queryClient.query({ ...meQuery, staleTime: 'static' }),
  component: Root,
});

/** Questions and news stand within the router, so that they can hold links. */
function Root() {
  const later = useLater(); // nothing is told before the first page stands
  return (
    <ModalsProvider modalProps={{ centered: true }}>
      {later && <Notifications position="bottom-right" limit={4} />}
      <Shell />
    </ModalsProvider>
  );
}
