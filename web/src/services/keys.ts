import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type Key = Schemas['Key'];
export type NewKey = Schemas['NewKey'];
export type Session = Schemas['Session'];

export const myKeysQuery = queryOptions({
  queryKey: ['me', 'keys'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/me/keys', { params: { query: { limit: 500 } }, signal })),
});

export const makeKey = (body: Schemas['KeyBody']) => answerOf(api.POST('/api/v1/me/keys', { body }));
export const endKey = (id: string) => answerOf(api.DELETE('/api/v1/me/keys/{id}', { params: { path: { id } } }));

export const mySessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/me/sessions', { signal })),
});

export const endSession = (id: string) =>
  answerOf(api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } }));
export const endOtherSessions = () => answerOf(api.DELETE('/api/v1/me/sessions'));
