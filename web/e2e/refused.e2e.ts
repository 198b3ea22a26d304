import type { Cookie, Page } from '@playwright/test';
import { type Refusal, refusals, type Things } from './refused.ts';
import { expect, type Role, test, type World } from './world.ts';

let things: Things;
const passes = new Map<Role, Cookie[]>(); // who has logged in need not do so again

test.beforeAll(async ({ world }) => {
  things = await settle(world);
});

test.afterAll(({ world }) => world.call('POST', `/runs/${things.busy}/stop`));

for (const refusal of refusals) {
  const numbers = Object.keys(refusal.asks).join(' ');
  test(`${numbers} refused: a ${refusal.who} ${refusal.what}`, async ({ as, page, world }) => {
    await enter(refusal.who, { as, page });
    for (const path of refusal.at) {
      await page.goto(world.url + filled(path));
      await expectRefused(page, refusal);
    }
    for (const { request, answer, body } of Object.values(refusal.asks).flat()) {
      expect.soft(await answerTo(page, filled(request), body), request).toBe(answer);
    }
  });
}

async function enter(who: Role, { as, page }: { as: (role: Role, path: string) => Promise<Page>; page: Page }) {
  const pass = passes.get(who);
  if (pass) {
    await page.context().addCookies(pass);
    return;
  }
  await as(who, '/profile');
  passes.set(who, await page.context().cookies());
}

test('what others are said to lack is there for an admin', async ({ as, page, world }) => {
  await enter('admin', { as, page });
  for (const { at, lacks = [] } of refusals.filter((r) => r.lacks)) {
    await page.goto(world.url + filled(at[0] ?? ''));
    for (const name of lacks)
      await expect.soft(named(page, name).first(), `${String(name)} at ${at[0] ?? ''}`).toBeVisible();
  }
});

/** What bears a name, to the eye or to a screen reader. */
function named(page: Page, name: string | RegExp) {
  const exact = { exact: true };
  return page
    .getByText(name, exact)
    .or(page.getByLabel(name, exact))
    .or(page.getByRole('button', { name, ...exact }))
    .filter({ visible: true });
}

async function expectRefused(page: Page, { reads, lacks = [], menu = {} }: Refusal) {
  const shut = Object.entries(menu);
  const words = reads ?? (shut.length > 0 ? [] : ['There is nothing here']);
  for (const text of words) await expect(page.getByText(text).first()).toBeVisible();
  if (shut.length > 0) await page.getByRole('button', { name: /^Actions/ }).click();
  for (const [action, why] of shut) {
    const item = page.getByRole('menuitem', { name: action });
    await expect(item).toBeDisabled();
    await expect(item).toContainText(why);
  }
  for (const name of lacks) await expect(named(page, name)).toHaveCount(0);
}

/** Asks the server as the page itself does, and tells its status and code. */
function answerTo(page: Page, request: string, body?: object): Promise<string> {
  const [method = '', path = ''] = request.split(' ');
  const sent = body && filled(JSON.stringify(body));
  return page.evaluate(
    async ({ method, path, sent }) => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(`/api/v1${path}`, { method, ...(sent ? { headers, body: sent } : {}) });
      const { code = '' } = (await answer.json()) as { code?: string };
      return `${answer.status} ${code}`;
    },
    { method, path, sent },
  );
}

function filled(text: string): string {
  return text.replace(/<(\w+)>/g, (_, name: keyof Things) => things[name]);
}

/** Makes what the rows speak of. */
async function settle(world: World): Promise<Things> {
  const made = async (path: string, body: object) => (await world.call<{ id: string }>('POST', path, body)).id;
  const found = async (path: string) => (await world.call<{ id: string }>('GET', path)).id;
  const user = async (role: Role) => {
    const { items } = await world.call<{ items: { id: string }[] }>('GET', `/users?search=Demo%20${role}`);
    return items[0]?.id ?? '';
  };
  const run = async (operator: string, dataset: string, label: string, status: string) => {
    const { id } = await world.schedule(operator, { dataset, label });
    await world.until(id, status);
    return id;
  };
  const name = `seen by some ${Date.now()}`;
  const seen = await made('/datasets', { name, default_permission: 'none' });
  const shut = await made('/datasets', { name: `shut ${Date.now()}`, default_permission: 'none' });
  const group = await made('/groups', { name: `managers of ${name}` });
  const guest = await user('guest');
  await world.call('PUT', `/groups/${group}/members/${await user('collaborator')}`);
  await world.call('PUT', `/datasets/${seen}/access/groups/${group}`, { permission: 'manage' });
  await world.call('PUT', `/datasets/${seen}/access/users/${guest}`, { permission: 'view' });
  const pinned = await run('ok', name, 'shown to all', 'completed');
  await world.call('PATCH', `/runs/${pinned}`, { pinned: true });
  return {
    cats: await found('/datasets/cats'),
    seen,
    shut,
    guest,
    pinned,
    admin: await user('admin'),
    unpinned: await run('ok', name, 'not shown to all', 'completed'),
    hidden: await run('ok', 'cats', 'kept from guests', 'completed'),
    busy: await run('hang', 'cats', 'kept from guests', 'running'),
    plugin: await found(`/plugins/${encodeURIComponent('@signalbox/dummy')}`),
    builtin: await found('/orchestrators/builtin'),
  };
}
