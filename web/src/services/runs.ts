import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';
import { allows, type Dataset } from '@/services/datasets.ts';
import { isAdmin, type Me } from '@/services/me.ts';

export type RunItem = Schemas['RunItem'];
export type Run = Schemas['Run'];
export type Waiting = Schemas['Waiting'];
export type RunEvent = Schemas['RunEvent'];
export type BulkAction = Schemas['BulkBody']['action'];

export const statuses = ['scheduled', 'queued', 'running', 'completed', 'failed'] as const;
export type Status = (typeof statuses)[number];

export const sorts = ['scheduled', 'updated', 'oldest', 'operator'] as const;
export type Sort = (typeof sorts)[number];

/** Which runs a list shows. */
export interface RunFilter {
  dataset?: string | undefined;
  mine?: boolean | undefined;
  status?: Status[] | undefined;
  operator?: string | undefined;
  search?: string | undefined;
  match?: 'uri' | undefined;
  sort?: Sort | undefined;
  pinned?: boolean | undefined;
  cursor?: string | undefined;
}

/** How many runs a page of a list has. */
export const pageSize = 50;

/**
 * Query keys of runs all begin with "runs": those of one run go on with "one" and its id, so that one word about it
 * refreshes all that is shown of it; lists go on with "list".
 */
export const runsQuery = (filter: RunFilter, limit = pageSize) =>
  queryOptions({
    queryKey: ['runs', 'list', filter, limit],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/runs', { params: { query: { ...defined(filter), limit } }, signal })),
    placeholderData: keepPreviousData,
  });

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined)) as Defined<T>;
}

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['runs', 'one', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/runs/{id}', { params: { path: { id } }, signal })),
  });

export const waitQuery = (id: string) =>
  queryOptions({
    queryKey: ['runs', 'one', id, 'wait'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/runs/{id}/wait', { params: { path: { id } }, signal })),
  });

/** What happened to a run, oldest first: page by page. */
export const eventsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['runs', 'one', id, 'events'],
    queryFn: ({ pageParam: cursor, signal }) =>
      answerOf(
        api.GET('/api/v1/runs/{id}/events', { params: { path: { id }, query: { cursor, limit: 100 } }, signal }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });

/** Where a browser downloads the whole log of a run. */
export function logAddress(id: string): string {
  return `/api/v1/runs/${encodeURIComponent(id)}/logs/download`;
}

const at = (id: string) => ({ params: { path: { id } } });

/** Schedules a run again, with other params if they are given. */
export const rerun = (id: string, params?: Record<string, unknown>) =>
  answerOf(
    api.POST('/api/v1/runs/{id}/rerun', {
      params: { path: { id }, header: { 'Idempotency-Key': newKey() } },
      ...(params ? { body: { params } } : {}),
    }),
  );
export const stopRun = (id: string) => answerOf(api.POST('/api/v1/runs/{id}/stop', at(id)));
export const releaseRun = (id: string) => answerOf(api.POST('/api/v1/runs/{id}/release', at(id)));
export const markFailed = (id: string) => answerOf(api.POST('/api/v1/runs/{id}/fail', at(id)));
export const changeRun = (id: string, body: Schemas['RunPatchBody']) =>
  answerOf(api.PATCH('/api/v1/runs/{id}', { ...at(id), body }));
export const bulk = (action: BulkAction, ids: string[]) =>
  answerOf(
    api.POST('/api/v1/runs/bulk', { params: { header: { 'Idempotency-Key': newKey() } }, body: { action, ids } }),
  );

/** Schedules a run. */
export const scheduleRun = (body: Schemas['ScheduleBody']) =>
  answerOf(api.POST('/api/v1/runs', { params: { header: { 'Idempotency-Key': newKey() } }, body }));

/** A key under which a request may be sent again and counts once. Pages without TLS have no randomUUID. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('');
}

/** What to call a run: its own label, else its operator's. */
export function nameOf(run: RunItem | Run): string {
  return run.label || run.operator_label || run.operator;
}

export function isOver(run: RunItem | Run): boolean {
  return run.status === 'completed' || run.status === 'failed';
}

/** Tells whether work of a run that is over may still go on. */
export function workGoesOn(run: RunItem | Run): boolean {
  return isOver(run) && ['submitting', 'submitted', 'waiting', 'active', 'ending', 'unknown'].includes(run.work.state);
}

/** What the caller may do with a run. Without the dataset nothing is known of his permission: the server decides. */
export function rightsOn(run: RunItem | Run, me: Me, dataset?: Dataset) {
  const own = run.created_by.id === me.id || isAdmin(me);
  const permitted = (needs: 'edit' | 'manage') => !dataset || allows(dataset.my_permission, needs);
  return {
    rename: own || permitted('edit'),
    pin: Boolean(run.dataset_id) && (isAdmin(me) || permitted('edit')),
    end: own || permitted('manage'),
  };
}
