import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type LogEntry = Schemas['LogEntry'];
export type NumberedEntry = Schemas['NumberedEntry'];
export type LogIndex = Schemas['LogIndex'];

export const levels = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
export type Level = (typeof levels)[number];

/** How many lines of a large log are read at once. */
export const windowSize = 200;

// Keys begin as those of the run, so that its changes refresh them.
const key = (id: string, ...rest: unknown[]) => ['runs', 'one', id, 'logs', ...rest];

/** A growing log is asked for again this often, in milliseconds. */
const growing = 2000;

/** A log up to 1 MiB; of a larger one its size. */
export const logQuery = (id: string) =>
  queryOptions({
    queryKey: key(id),
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/runs/{id}/logs', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.complete === false ? growing : false),
  });

export const logIndexQuery = (id: string) =>
  queryOptions({
    queryKey: key(id, 'index'),
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/runs/{id}/logs/index', { params: { path: { id } }, signal })),
    // It is counted from the start each time.
    refetchInterval: ({ state }) => (state.data?.complete === false ? 2 * growing : false),
  });

/** A window of a large log by its number. It is forgotten soon, so that a long read takes no memory. */
export const logWindowQuery = (id: string, number: number) =>
  queryOptions({
    queryKey: key(id, 'window', number),
    queryFn: ({ signal }) => lines(id, { from: number * windowSize, count: windowSize }, signal),
    staleTime: ({ state }) => (state.data?.complete ? Infinity : growing),
    gcTime: 5_000,
  });

/** The lines of a large log that are of a level or worse, and hold a text. */
export const logFoundQuery = (id: string, level: Level | undefined, search: string | undefined) =>
  infiniteQueryOptions({
    queryKey: key(id, 'found', level, search),
    queryFn: ({ pageParam, signal }) =>
      lines(id, { from: pageParam, count: windowSize, ...(level && { level }), ...(search && { search }) }, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
    staleTime: Infinity, // what was found stays so; a search is begun anew by asking anew
  });

/** Blanks texts out in what is kept of a log. */
export function scrubLog(id: string, texts: string[]) {
  return answerOf(api.POST('/api/v1/runs/{id}/logs/scrub', { params: { path: { id } }, body: { texts } }));
}

function lines(
  id: string,
  query: { from: number; count: number; level?: Level; search?: string },
  signal: AbortSignal,
) {
  return answerOf(api.GET('/api/v1/runs/{id}/logs/lines', { params: { path: { id }, query }, signal }));
}
