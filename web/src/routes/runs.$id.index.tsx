import { createFileRoute, redirect } from '@tanstack/react-router';
import { runQuery, type Status } from '@/services/runs.ts';

// What people come for first, by how the run stands.
const first = {
  scheduled: 'input',
  queued: 'input',
  running: 'logs',
  completed: 'output',
  failed: 'errors',
} as const satisfies Record<Status, string>;

export const Route = createFileRoute('/runs/$id/')({
  loader: async ({ context, params }) => {
    const run = await context.queryClient.query({ ...runQuery(params.id), staleTime: 'static' });
    throw redirect({ to: `/runs/$id/${first[run.status]}`, params, replace: true });
  },
});
