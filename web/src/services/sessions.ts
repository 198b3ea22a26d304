import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type UserSession = Schemas['UserSession'];

/** Which of everybody's sessions are shown. */
export interface SessionFilter {
  search?: string | undefined;
  cursor?: string | undefined;
}

export const allSessionsQuery = ({ search, cursor }: SessionFilter) =>
  queryOptions({
    queryKey: ['sessions', 'all', search ?? '', cursor ?? ''],
    queryFn: ({ signal }) => {
      const query = { ...(search ? { search } : {}), ...(cursor ? { cursor } : {}) };
      return answerOf(api.GET('/api/v1/sessions', { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });

export const endAnySession = (id: string) =>
  answerOf(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } }));

/** Logs somebody out everywhere; oneself everywhere else. */
export const endSessionsOf = (id: string) =>
  answerOf(api.DELETE('/api/v1/users/{id}/sessions', { params: { path: { id } } }));
