import { createFileRoute } from '@tanstack/react-router';
import { Audit } from '@/components/security/Audit.tsx';
import { auditSearch, filterOf } from '@/components/security/search.ts';
import { auditQuery } from '@/services/audit.ts';
import { adminsOnly } from '@/services/me.ts';

export const Route = createFileRoute('/security/audit')({
  beforeLoad: adminsOnly,
  validateSearch: auditSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => {
    context.queryClient.query(auditQuery(filterOf(deps), deps.cursor)).catch(() => undefined); // the list tells it
  },
  component: AuditLog,
});

function AuditLog() {
  return <Audit search={Route.useSearch()} />;
}
