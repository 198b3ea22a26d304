import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type Orchestrator = Schemas['Orchestrator'];
export type NewOrchestrator = Schemas['OrchestratorBody'];
export type OrchestratorChange = Schemas['OrchestratorPatchBody'];
export type Kind = NewOrchestrator['kind'];
export type Probe = Schemas['Probe'];
export type Ledger = Schemas['Ledger'];
export type Key = Schemas['Key'];
export type Route = Schemas['Route'];
export type Worker = Schemas['Worker'];

const one = (name: string) => ({ path: { name } });

export const orchestratorsQuery = queryOptions({
  queryKey: ['orchestrators', 'list'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/orchestrators', { params: { query: { limit: 500 } }, signal })),
});

export const orchestratorQuery = (name: string) =>
  queryOptions({
    queryKey: ['orchestrators', 'one', name],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/orchestrators/{name}', { params: one(name), signal })),
  });

/** The runs that hold a slot there, and how they were seen: page by page. */
export const openWorkQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ['orchestrators', 'one', name, 'work'],
    queryFn: ({ pageParam: cursor, signal }) =>
      answerOf(api.GET('/api/v1/orchestrators/{name}/work', { params: { ...one(name), query: { cursor } }, signal })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });

/** The workers seen in the last day, page by page. */
export const workersQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ['orchestrators', 'one', name, 'workers'],
    queryFn: ({ pageParam: cursor, signal }) =>
      answerOf(
        api.GET('/api/v1/orchestrators/{name}/workers', { params: { ...one(name), query: { cursor } }, signal }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });

export const keysQuery = (name: string) =>
  queryOptions({
    queryKey: ['orchestrators', 'one', name, 'keys'],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/orchestrators/{name}/keys', { params: { ...one(name), query: { limit: 500 } }, signal }),
      ),
  });

export const addOrchestrator = (body: NewOrchestrator) => answerOf(api.POST('/api/v1/orchestrators', { body }));

export const changeOrchestrator = (name: string, body: OrchestratorChange) =>
  answerOf(api.PATCH('/api/v1/orchestrators/{name}', { params: one(name), body }));

export const removeOrchestrator = (name: string) =>
  answerOf(api.DELETE('/api/v1/orchestrators/{name}', { params: one(name) }));

export const probe = (name: string) => answerOf(api.POST('/api/v1/orchestrators/{name}/probe', { params: one(name) }));

export const reconcile = (name: string) =>
  answerOf(api.POST('/api/v1/orchestrators/{name}/reconcile', { params: one(name) }));

export const makeKey = (name: string, called: string) =>
  answerOf(api.POST('/api/v1/orchestrators/{name}/keys', { params: one(name), body: { name: called } }));

export const endKey = (name: string, id: string) =>
  answerOf(api.DELETE('/api/v1/orchestrators/{name}/keys/{id}', { params: { path: { name, id } } }));
