import type { World } from './world.ts';

/** A page for pictures and for the check of accessibility, for an admin. */
export interface Shown {
  name: string;
  path: string;
  ready: string; // a text that is there once the page is
}

/** Makes something to look at, and tells where it is. */
export async function pagesOf(world: World): Promise<Shown[]> {
  const done = await world.schedule('ok', {
    label: 'Baseline',
    params: { result: { images: [{ file: 'a.png', size: 4 }] } },
  });
  const failed = await world.schedule('fail', { params: { message: "KeyError: 'label'" } });
  const logged = await world.schedule('log', { params: { lines: 300, message: 'measuring an image' } });
  const large = await world.schedule('log', { params: { size: '3MB' } });
  const hangs = await world.schedule('hang', { label: 'night shift' });
  await Promise.all([done, failed, logged, large].map((r) => world.until(r.id, 'completed', 'failed')));
  await world.until(hangs.id, 'running');
  await world.call('PATCH', `/runs/${done.id}`, { pinned: true });
  await world.call('POST', '/invitations', { email: `${done.id.toLowerCase()}@example.com`, role: 'member' });
  const dataset = await world.call<{ id: string }>('GET', '/datasets/cats');
  const plugin = await world.call<{ id: string }>('GET', `/plugins/${encodeURIComponent('@signalbox/dummy')}`);
  const builtin = await world.call<{ id: string }>('GET', '/orchestrators/builtin');
  return [
    { name: 'home', path: '/', ready: 'Recent runs' },
    { name: 'runs', path: '/runs', ready: 'night shift' },
    { name: 'dataset-runs', path: `/d/${dataset.id}/runs`, ready: 'Baseline' },
    { name: 'nothing-found', path: '/runs?q=nothing-like-this', ready: 'No run fits' },
    { name: 'run-output', path: `/runs/${done.id}/output`, ready: 'a.png' },
    { name: 'run-errors', path: `/runs/${failed.id}/errors`, ready: 'The operator failed' },
    { name: 'run-running', path: `/runs/${hangs.id}/input`, ready: 'Rendered' },
    { name: 'run-log', path: `/runs/${logged.id}/logs`, ready: 'measuring an image' },
    { name: 'run-log-large', path: `/runs/${large.id}/logs`, ready: 'Open in the viewer' },
    { name: 'run-log-viewer', path: `/runs/${large.id}/logs?open=yes`, ready: 'INFO' },
    { name: 'run-view', path: `/runs/${done.id}/view`, ready: 'the whole dataset' },
    { name: 'run-events', path: `/runs/${done.id}/events`, ready: 'Completed' },
    { name: 'team-users', path: '/team/users', ready: 'Last login' },
    { name: 'team-invitations', path: '/team/invitations', ready: 'Invited by' },
    { name: 'profile', path: '/profile', ready: 'Appearance' },
    { name: 'plugins', path: '/plugins', ready: '@signalbox/dummy' },
    { name: 'plugin', path: `/plugins/${plugin.id}`, ready: 'Versions' },
    { name: 'orchestrators', path: '/orchestrators', ready: 'builtin' },
    { name: 'orchestrator', path: `/orchestrators/${builtin.id}`, ready: 'Open work' },
    { name: 'dataset-access', path: `/d/${dataset.id}/access`, ready: 'People and groups with access' },
    { name: 'security-roles', path: '/security/roles', ready: 'Create datasets' },
    { name: 'security-defaults', path: '/security/defaults', ready: 'Role of a new user' },
    { name: 'security-sessions', path: '/security/sessions', ready: 'This one' },
    { name: 'security-audit', path: '/security/audit', ready: 'session.create' },
    { name: 'not-found', path: '/runs/01AAAAAAAAAAAAAAAAAAAAAAAA', ready: 'There is nothing here' },
  ];
}
