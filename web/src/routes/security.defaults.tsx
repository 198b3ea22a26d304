import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Defaults } from '@/components/security/Defaults.tsx';
import { settingsQuery } from '@/services/me.ts';

export const Route = createFileRoute('/security/defaults')({
  loader: ({ context }) => context.queryClient.query({ ...settingsQuery, staleTime: 'static' }),
  component: AllDefaults,
});

function AllDefaults() {
  return <Defaults settings={useSuspenseQuery(settingsQuery).data} />;
}
