import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { AccountPage } from '@/components/team/AccountPage.tsx';
import { accountQuery } from '@/services/accounts.ts';
import { keysQuery } from '@/services/keys.ts';

export const Route = createFileRoute('/team/service-accounts/$id')({
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([
      queryClient.query({ ...accountQuery(id), staleTime: 'static' }),
      queryClient.query({ ...keysQuery({ account: id }), staleTime: 'static' }),
    ]),
  component: OneAccount,
});

function OneAccount() {
  const { id } = Route.useParams();
  const account = useSuspenseQuery(accountQuery(id)).data;
  const keys = useSuspenseQuery(keysQuery({ account: id })).data.items;
  return <AccountPage account={account} keys={keys} />;
}
