import { installForms } from './forms.ts';
import type { World } from './world.ts';

/** A page for pictures and for the check of accessibility, for an admin. */
export interface Shown {
  name: string;
  path: string;
  ready: string; // a text that is there once the page is
  drawn?: string; // what is there last, if that text is not: a selector
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
  await installForms(world);
  const wide = await world.schedule('@tests/forms/wide', { params: { model: 'clip', batch: 4 }, label: 'Embeddings' });
  const again = await world.call<{ id: string }>('POST', `/runs/${wide.id}/rerun`, {
    params: { model: 'dino', batch: 4 },
  });
  await Promise.all([wide, again].map((r) => world.until(r.id, 'completed', 'failed')));
  await world.call('POST', '/invitations', { email: `${done.id.toLowerCase()}@example.com`, role: 'member' });
  const shift = done.id.slice(-4); // names are taken once, and a world may be asked for its pages again
  const group = await world.call<{ id: string }>('POST', '/groups', {
    name: `Labelers ${shift}`,
    description: 'Night shift',
  });
  const account = await world.call<{ id: string }>('POST', '/service-accounts', {
    name: `nightly export ${shift}`,
    role: 'collaborator',
    description: 'Exports what was labeled during the day',
  });
  const [user] = (await world.call<{ items: { id: string }[] }>('GET', '/users?search=Demo%20labeler')).items;
  for (const id of [account.id, user?.id ?? '']) await world.call('PUT', `/groups/${group.id}/members/${id}`);
  await world.call('POST', `/service-accounts/${account.id}/keys`, { name: 'first' });
  await world.call('POST', `/service-accounts/${account.id}/keys`, {
    name: 'second',
    expires_at: new Date(Date.now() + 30 * 86_400_000).toISOString(),
  });
  const dataset = await world.call<{ id: string }>('GET', '/datasets/cats');
  await world.call('PUT', `/datasets/cats/access/groups/${group.id}`, { permission: 'tag' });
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
    { name: 'team-users', path: '/team/users', ready: 'Demo guest' },
    { name: 'team-user', path: `/team/users/${user?.id ?? ''}`, ready: 'Can tag' },
    { name: 'team-groups', path: '/team/groups', ready: 'Night shift' },
    { name: 'team-group', path: `/team/groups/${group.id}`, ready: 'nightly export' },
    { name: 'team-accounts', path: '/team/service-accounts', ready: 'Exports what was labeled' },
    { name: 'team-account', path: `/team/service-accounts/${account.id}`, ready: 'Can tag' },
    { name: 'team-invitations', path: '/team/invitations', ready: '@example.com' },
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
    { name: 'schedule', path: `/d/${dataset.id}/schedule`, ready: 'Schedule a run' },
    { name: 'schedule-form', path: `/d/${dataset.id}/schedule?operator=@tests/forms/wide`, ready: 'Batch size' },
    { name: 'schedule-again', path: `/schedule?rerun=${wide.id}`, ready: 'Batch size' },
    { name: 'run-input-form', path: `/runs/${again.id}/input`, ready: 'Batch size' },
    { name: 'run-output-shown', path: `/runs/${wide.id}/output`, ready: 'dog', drawn: '.js-plotly-plot svg' },
    { name: 'not-found', path: '/runs/01AAAAAAAAAAAAAAAAAAAAAAAA', ready: 'There is nothing here' },
  ];
}
