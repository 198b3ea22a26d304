import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';
import { effectOf } from '@/services/effects.ts';
import type { Role } from '@/services/me.ts';
import { asked, type PeopleSearch } from '@/services/people.ts';

export type Account = Schemas['Account'];
export type AccountChange = Schemas['AccountPatchBody'];

export const accountsQuery = (search: PeopleSearch, limit?: number) =>
  queryOptions({
    queryKey: ['accounts', 'list', search, limit],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/service-accounts', { params: { query: asked(search, limit) }, signal })),
  });

export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', 'one', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/service-accounts/{id}', { params: { path: { id } }, signal })),
  });

const at = (id: string, dry_run = false) => ({ params: { path: { id }, query: { dry_run } } });

export const makeAccount = (body: Schemas['AccountBody']) => answerOf(api.POST('/api/v1/service-accounts', { body }));
export const changeAccount = (id: string, body: AccountChange) =>
  answerOf(api.PATCH('/api/v1/service-accounts/{id}', { ...at(id), body }));
export const removeAccount = (id: string) => answerOf(api.DELETE('/api/v1/service-accounts/{id}', at(id)));
/** What would change with another role. */
export const effectOfAccountRole = (id: string, role: Role) =>
  effectOf(api.PATCH('/api/v1/service-accounts/{id}', { ...at(id, true), body: { role } }));
/** What would change if a service account was deleted. */
export const effectOfRemovingAccount = (id: string) =>
  effectOf(api.DELETE('/api/v1/service-accounts/{id}', at(id, true)));
