import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Accounts } from '@/components/team/Accounts.tsx';
import { accountsQuery } from '@/services/accounts.ts';
import { peopleSearch } from '@/services/people.ts';

export const Route = createFileRoute('/team/_tabs/service-accounts')({
  validateSearch: peopleSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => context.queryClient.query({ ...accountsQuery(deps), staleTime: 'static' }),
  component: AllAccounts,
});

function AllAccounts() {
  const search = Route.useSearch();
  const { data } = useSuspenseQuery(accountsQuery(search));
  return <Accounts accounts={data.items} next={data.next_cursor} search={search} />;
}
