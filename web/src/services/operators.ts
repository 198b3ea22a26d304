import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type Operator = Schemas['Operator'];

/** All operators, and why I may not run those that I may not. */
export const operatorsQuery = (dataset?: string) =>
  queryOptions({
    queryKey: ['operators', dataset ?? ''],
    queryFn: ({ signal }) => {
      const query = { all: true, limit: 500, ...(dataset ? { dataset } : {}) };
      return answerOf(api.GET('/api/v1/operators', { params: { query }, signal }));
    },
  });
