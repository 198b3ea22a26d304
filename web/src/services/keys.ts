import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type Key = Schemas['Key'];
export type NewKey = Schemas['NewKey'];
export type Session = Schemas['Session'];

/** Whose API keys are meant: one's own, or those of the service account with this id. */
export type Owner = 'me' | { account: string };

const most = { query: { limit: 500 } };

const keyOf = (of: Owner) => (of === 'me' ? ['me', 'keys'] : ['accounts', 'one', of.account, 'keys']);

export const keysQuery = (of: Owner) =>
  queryOptions({
    queryKey: keyOf(of),
    queryFn: ({ signal }) => {
      if (of === 'me') return answerOf(api.GET('/api/v1/me/keys', { params: most, signal }));
      const params = { path: { id: of.account }, ...most };
      return answerOf(api.GET('/api/v1/service-accounts/{id}/keys', { params, signal }));
    },
  });

export const makeKey = (of: Owner, body: Schemas['KeyBody']) =>
  of === 'me'
    ? answerOf(api.POST('/api/v1/me/keys', { body }))
    : answerOf(api.POST('/api/v1/service-accounts/{id}/keys', { params: { path: { id: of.account } }, body }));

export const endKey = (of: Owner, key: string) =>
  of === 'me'
    ? answerOf(api.DELETE('/api/v1/me/keys/{id}', { params: { path: { id: key } } }))
    : answerOf(api.DELETE('/api/v1/service-accounts/{id}/keys/{key}', { params: { path: { id: of.account, key } } }));

export const mySessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/me/sessions', { signal })),
});

export const endSession = (id: string) =>
  answerOf(api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } }));
export const endOtherSessions = () => answerOf(api.DELETE('/api/v1/me/sessions'));
