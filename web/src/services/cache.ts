import { QueryClient } from '@tanstack/react-query';
import { isProblem } from '@/services/api.ts';

/** What was read of the server. It is fresh for a moment; the event stream says when runs have changed. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => isProblem(error, 'unreachable', 'unavailable') && failures < 2,
      networkMode: 'always', // the server may be on this machine
    },
    mutations: { networkMode: 'always' },
  },
});
