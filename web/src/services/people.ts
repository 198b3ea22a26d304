import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';
import { effectOf } from '@/services/effects.ts';
import { type Role, roles } from '@/services/me.ts';
import { oneOf, someOf, textOf } from '@/services/search.ts';

export type User = Schemas['User'];

export const peopleSorts = ['name', 'role', 'seen', 'newest'] as const;
export type PeopleSort = (typeof peopleSorts)[number];

/** What the address of a list of users or service accounts holds. */
export interface PeopleSearch {
  q?: string | undefined;
  role?: Role[] | undefined;
  sort?: PeopleSort | undefined;
  cursor?: string | undefined;
}

/** Reads the address; what it does not know is left out. */
export function peopleSearch(given: Record<string, unknown>): PeopleSearch {
  return {
    q: textOf(given.q),
    role: someOf(roles, given.role),
    sort: oneOf(peopleSorts, given.sort),
    cursor: textOf(given.cursor),
  };
}

/** How many rows a page of a list shows. */
export const pageOf = 50;

/** The question of a list, as the API has it. */
export function asked({ q, role, sort, cursor }: PeopleSearch, limit = pageOf) {
  return {
    limit,
    ...(q ? { search: q } : {}),
    ...(role ? { role } : {}),
    ...(sort ? { sort } : {}),
    ...(cursor ? { cursor } : {}),
  };
}

export const usersQuery = (search: PeopleSearch, limit?: number) =>
  queryOptions({
    queryKey: ['users', 'list', search, limit],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/users', { params: { query: asked(search, limit) }, signal })),
  });

export const userQuery = (id: string) =>
  queryOptions({
    queryKey: ['users', 'one', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/users/{id}', { params: { path: { id } }, signal })),
  });

/** The datasets that somebody may see, with what he may do there; the first of them. */
export const datasetsOfQuery = (principal: string) =>
  queryOptions({
    queryKey: ['datasets', 'of', principal],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/datasets', { params: { query: { principal, limit: 100 } }, signal })),
  });

const at = (id: string) => ({ params: { path: { id } } });
const foretold = (id: string) => ({ params: { path: { id }, query: { dry_run: true } } });

export const changeRole = (id: string, role: Role) =>
  answerOf(api.PATCH('/api/v1/users/{id}', { ...at(id), body: { role } }));
export const removeUser = (id: string) => answerOf(api.DELETE('/api/v1/users/{id}', at(id)));

/** What would change with another role. */
export const effectOfRole = (id: string, role: Role) =>
  effectOf(api.PATCH('/api/v1/users/{id}', { ...foretold(id), body: { role } }));
/** What would change if somebody was removed. */
export const effectOfRemoval = (id: string) => effectOf(api.DELETE('/api/v1/users/{id}', foretold(id)));
