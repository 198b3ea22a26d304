import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type Operator = Schemas['Operator'];
export type Form = Schemas['Form'];
export type Params = Record<string, unknown>;

/** All operators, and why I may not run those that I may not. */
export const operatorsQuery = (dataset?: string) =>
  queryOptions({
    queryKey: ['operators', dataset ?? ''],
    queryFn: ({ signal }) => {
      const query = { all: true, limit: 500, ...(dataset ? { dataset } : {}) };
      return answerOf(api.GET('/api/v1/operators', { params: { query }, signal }));
    },
  });

/** One operator, and why I may not run it on a dataset, if I may not; undefined when it is gone. */
export const operatorQuery = (operator: string, dataset?: string) =>
  queryOptions({
    queryKey: ['operators', dataset ?? '', 'one', operator],
    queryFn: async ({ signal }) => {
      const query = { all: true, operator, ...(dataset ? { dataset } : {}) };
      const { items } = await answerOf(api.GET('/api/v1/operators', { params: { query }, signal }));
      return items.at(0) ?? null;
    },
  });

/** What a form is asked with. */
export interface FormAsk {
  operator: string;
  dataset?: string | undefined;
  params: Params;
}

/** An operator's form for the params so far. It is asked once: the server itself asks twice, and waits long enough. */
export const formQuery = ({ operator, dataset, params }: FormAsk) =>
  queryOptions({
    queryKey: ['forms', operator, dataset ?? '', params],
    queryFn: ({ signal }) =>
      answerOf(
        api.POST('/api/v1/operators/{uri}/form', {
          params: { path: { uri: operator } },
          body: { params, ...(dataset ? { dataset } : {}) },
          signal,
        }),
      ),
    retry: false,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
  });

/** Where a run of an operator could go, and what it would wait for there. */
export const outlookQuery = (operator: string, dataset?: string) =>
  queryOptions({
    queryKey: ['operators', dataset ?? '', 'outlook', operator],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/operators/{uri}/outlook', {
          params: { path: { uri: operator }, query: dataset ? { dataset } : {} },
          signal,
        }),
      ),
    refetchInterval: 10_000,
  });

/** The first operators that fit a search; with `all` also those that I may not run, and why not. */
export const operatorsFoundQuery = (search: string, dataset?: string, { limit = 20, all = true } = {}) =>
  queryOptions({
    queryKey: ['operators', dataset ?? '', 'found', search, limit, all],
    queryFn: ({ signal }) => {
      const query = { all, limit, ...(search ? { search } : {}), ...(dataset ? { dataset } : {}) };
      return answerOf(api.GET('/api/v1/operators', { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
