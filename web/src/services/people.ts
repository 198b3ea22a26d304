import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';
import type { Role } from '@/services/me.ts';

export type User = Schemas['User'];
export type Invitation = Schemas['Invitation'];
export type Invited = Schemas['Invited'];

/** How many rows a list of people shows; who is further down is found by search. */
const most = 500;

export const usersQuery = (search: string | undefined) =>
  queryOptions({
    queryKey: ['users', 'list', search ?? ''],
    queryFn: ({ signal }) => {
      const query = { limit: most, ...(search ? { search } : {}) };
      return answerOf(api.GET('/api/v1/users', { params: { query }, signal }));
    },
  });

const at = (id: string) => ({ params: { path: { id } } });
const foretold = (id: string) => ({ params: { path: { id }, query: { dry_run: true } } });

export const changeRole = (id: string, role: Role) =>
  answerOf(api.PATCH('/api/v1/users/{id}', { ...at(id), body: { role } }));
export const removeUser = (id: string) => answerOf(api.DELETE('/api/v1/users/{id}', at(id)));

/** What would change if somebody was removed. */
export const removalOfUserQuery = (id: string) =>
  queryOptions({
    queryKey: ['users', 'removal', id],
    queryFn: () => answerOf(api.DELETE('/api/v1/users/{id}', foretold(id))),
    staleTime: 0,
  });

export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/invitations', { params: { query: { limit: most } }, signal })),
});

export const invite = (body: Schemas['InvitationInputBody']) => answerOf(api.POST('/api/v1/invitations', { body }));
export const revokeInvitation = (id: string) => answerOf(api.DELETE('/api/v1/invitations/{id}', at(id)));
