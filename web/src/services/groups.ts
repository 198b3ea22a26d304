import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';
import { effectOf } from '@/services/effects.ts';
import { pageOf } from '@/services/people.ts';
import { textOf } from '@/services/search.ts';

export type Group = Schemas['Group'];
export type GroupMember = Schemas['GroupMember'];
export type GroupChange = Schemas['GroupPatchBody'];

/** What the address of a list that is searched by name holds. */
export interface NameSearch {
  q?: string | undefined;
  cursor?: string | undefined;
}

/** Reads the address; what it does not know is left out. */
export function nameSearch(given: Record<string, unknown>): NameSearch {
  return { q: textOf(given.q), cursor: textOf(given.cursor) };
}

const asked = ({ q, cursor }: NameSearch) => ({
  limit: pageOf,
  ...(q ? { search: q } : {}),
  ...(cursor ? { cursor } : {}),
});

export const groupsQuery = (search: NameSearch) =>
  queryOptions({
    queryKey: ['groups', 'list', search],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/groups', { params: { query: asked(search) }, signal })),
  });

export const groupQuery = (id: string) =>
  queryOptions({
    queryKey: ['groups', 'one', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/groups/{id}', { params: { path: { id } }, signal })),
  });

export const membersQuery = (id: string, search: NameSearch) =>
  queryOptions({
    queryKey: ['groups', 'one', id, 'members', search],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/groups/{id}/members', { params: { path: { id }, query: asked(search) }, signal })),
  });

const at = (id: string, dry_run = false) => ({ params: { path: { id }, query: { dry_run } } });

export const makeGroup = (body: Schemas['GroupBody']) => answerOf(api.POST('/api/v1/groups', { body }));
export const changeGroup = (id: string, body: GroupChange) =>
  answerOf(api.PATCH('/api/v1/groups/{id}', { params: { path: { id } }, body }));
export const removeGroup = (id: string) => answerOf(api.DELETE('/api/v1/groups/{id}', at(id)));
/** What would change if a group was deleted. */
export const effectOfRemovingGroup = (id: string) => effectOf(api.DELETE('/api/v1/groups/{id}', at(id, true)));

const member = (id: string, principal: string, dry_run = false) => ({
  params: { path: { id, principal }, query: { dry_run } },
});

export const addMember = (id: string, principal: string) =>
  answerOf(api.PUT('/api/v1/groups/{id}/members/{principal}', member(id, principal)));
export const removeMember = (id: string, principal: string) =>
  answerOf(api.DELETE('/api/v1/groups/{id}/members/{principal}', member(id, principal)));
/** What would change if somebody came into a group. */
export const effectOfAdding = (id: string, principal: string) =>
  effectOf(api.PUT('/api/v1/groups/{id}/members/{principal}', member(id, principal, true)));
/** What would change if somebody left a group. */
export const effectOfLeaving = (id: string, principal: string) =>
  effectOf(api.DELETE('/api/v1/groups/{id}/members/{principal}', member(id, principal, true)));
