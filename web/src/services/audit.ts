import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type AuditEntry = Schemas['AuditEntry'];

export const outcomes = ['done', 'refused'] as const;
export type Outcome = (typeof outcomes)[number];

/** Which entries of the audit log are shown, under the names of the API. */
export interface AuditFilter {
  actor?: string | undefined; // id
  action?: string | undefined; // exact, or a noun alone
  object?: string | undefined; // id
  outcome?: Outcome | undefined;
  since?: string | undefined; // a moment
  until?: string | undefined; // before this moment
}

const given = (filter: object) => Object.fromEntries(Object.entries(filter).filter(([, v]) => v !== undefined));

export const auditQuery = (filter: AuditFilter, cursor?: string) =>
  queryOptions({
    queryKey: ['audit', 'list', filter, cursor ?? ''],
    queryFn: async ({ signal }) => {
      const query = given({ ...filter, cursor });
      const page = await answerOf(api.GET('/api/v1/audit', { params: { query }, signal }));
      return page as Schemas['ListAuditEntry']; // JSON lines are another form, which nobody asked for
    },
    placeholderData: keepPreviousData,
  });

/** What occurs in the audit log. */
export const auditActionsQuery = queryOptions({
  queryKey: ['audit', 'actions'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/audit/actions', { signal })),
});

/** Where a browser downloads all entries that fit, as JSON lines. */
export function exportAddress(filter: AuditFilter): string {
  return `/api/v1/audit?${new URLSearchParams({ ...given(filter), format: 'jsonl' }).toString()}`;
}

/** Who may have done something: users and service accounts whose name holds a text. */
export const actorsQuery = (search: string) =>
  queryOptions({
    queryKey: ['audit', 'actors', search],
    queryFn: async ({ signal }) => {
      const [users, accounts] = await Promise.all([
        answerOf(api.GET('/api/v1/users', { params: { query: { search, limit: 20 } }, signal })),
        answerOf(api.GET('/api/v1/service-accounts', { params: { query: { limit: 500 } }, signal })),
      ]);
      const part = search.toLowerCase();
      const found = accounts.items.filter((a) => a.name.toLowerCase().includes(part)).slice(0, 20);
      return [...users.items, ...found].map(({ id, name }) => ({ id, name }));
    },
    placeholderData: keepPreviousData,
  });
