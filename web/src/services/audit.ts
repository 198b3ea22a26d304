import { infiniteQueryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type AuditEntry = Schemas['AuditEntry'];

export const outcomes = ['done', 'refused'] as const;

/** Which entries of the audit log are shown. */
export interface AuditFilter {
  action?: string | undefined;
  outcome?: (typeof outcomes)[number] | undefined;
}

export const auditQuery = ({ action, outcome }: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', action ?? '', outcome ?? ''],
    queryFn: async ({ signal, pageParam }) => {
      const query = {
        limit: 100,
        ...(action ? { action } : {}),
        ...(outcome ? { outcome } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      const page = await answerOf(api.GET('/api/v1/audit', { params: { query }, signal }));
      return page as Schemas['ListAuditEntry']; // JSON lines are another form, which nobody asked for
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor,
  });
