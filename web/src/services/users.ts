import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '@/services/api.ts';

/** The first users whose name or email holds a text. For admins. */
export const usersFoundQuery = (search: string, limit: number) =>
  queryOptions({
    queryKey: ['users', 'found', search, limit],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/users', { params: { query: { search, limit } }, signal })),
    placeholderData: keepPreviousData,
  });
