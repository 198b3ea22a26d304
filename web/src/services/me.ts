import { type QueryClient, queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { answerOf, api, Problem, type Schemas } from '@/services/api.ts';

export type Me = Schemas['Me'];
export type Settings = Schemas['Settings'];

export const roles = ['guest', 'labeler', 'collaborator', 'member', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Tells whether a role is another or above it. */
export function atLeast(role: string, least: string): boolean {
  return roles.indexOf(role as Role) >= roles.indexOf(least as Role);
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/me', { signal })),
  staleTime: 60_000,
});

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/settings', { signal })),
  staleTime: 60_000,
});

/** Who is logged in. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

export function isAdmin(me: Me): boolean {
  return me.role === 'admin';
}

/** Lets only admins to a page: for others it is not there. */
export async function adminsOnly({ context }: { context: { queryClient: QueryClient } }) {
  const me = await context.queryClient.query({ ...meQuery, staleTime: 'static' });
  if (!isAdmin(me)) throw new Problem(404, 'not_found', 'There is nothing here');
}
