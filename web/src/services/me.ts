import { type QueryClient, queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { answerOf, api, Problem, type Schemas } from '@/services/api.ts';

export type Me = Schemas['Me'];
export type Settings = Schemas['Settings'];

export const roles = ['guest', 'labeler', 'collaborator', 'member', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What people call a role. */
export function roleWord(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1);
}

/** What a role is for, in a sentence. */
export const roleMeaning: Record<Role, string> = {
  guest: 'Can view what is shared with him.',
  labeler: 'Can view and tag what is shared with him.',
  collaborator: 'Can edit what is shared with him, and use API keys.',
  member: 'Makes datasets, and has what they give to every member.',
  admin: 'Manages people, plugins and orchestrators, and has every dataset.',
};

/** The roles to choose from. */
export const roleChoices = roles.map((value) => ({ value, label: roleWord(value) }));

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
