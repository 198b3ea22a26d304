import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Profile } from '@/components/profile/Profile.tsx';
import { keysQuery, mySessionsQuery } from '@/services/keys.ts';
import { settingsQuery } from '@/services/me.ts';

export const Route = createFileRoute('/profile/')({
  loader: ({ context: { queryClient } }) =>
    Promise.all([
      queryClient.query({ ...keysQuery('me'), staleTime: 'static' }),
      queryClient.query({ ...mySessionsQuery, staleTime: 'static' }),
      queryClient.query({ ...settingsQuery, staleTime: 'static' }),
    ]),
  component: ProfilePage,
});

function ProfilePage() {
  const keys = useSuspenseQuery(keysQuery('me')).data.items;
  const sessions = useSuspenseQuery(mySessionsQuery).data.items;
  const settings = useSuspenseQuery(settingsQuery).data;
  return <Profile keys={keys} sessions={sessions} settings={settings} />;
}
