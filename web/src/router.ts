import { createRouter } from '@tanstack/react-router';
import { routeTree } from '@/routeTree.gen.ts';
import { queryClient } from '@/services/cache.ts';
import { PageError } from '@/components/PageError.tsx';
import { NotFound } from '@/components/NotFound.tsx';
import { PagePending } from '@/components/PagePending.tsx';
import { readSearch, writeSearch } from '@/services/search.ts';

export const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0, // TanStack Query keeps what was read
  defaultPendingMs: 400,
  scrollRestoration: true,
  parseSearch: readSearch,
  stringifySearch: writeSearch,
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFound,
  defaultPendingComponent: PagePending,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
