import { answering, installForms } from './forms.ts';
import { expectText, watch } from './text.ts';
import { expect, test, type World } from './world.ts';

test.beforeAll(async ({ world }) => installForms(world));

// Each of these does something if a page takes it for more than text: scripts and addresses show in the title or as a
// request, marks of direction and of terminals in what stands around them.
const markup = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>';
const links =
  '[x](javascript:document.title="taken") ![y](https://evil.example/p.png) <a href="javascript:alert(1)">z</a>';
const signs = '\u202Egnisrever \u001b[31mred\u001b[0m';
const attack = `${markup} ${links}`;
const name = '"><svg onload=document.title=1>{{1}}';

const program = `
import json, sys, threading
from signalbox import work

text = ${JSON.stringify(`${attack} ${signs}`)}
params = work.context().params
print(text)
print(json.dumps({"level": text, "severity": text, "message": text, "time": text}))
print("ERROR " + text, file=sys.stderr)
work.progress(0.5, text)
if params.get("wait"):
    threading.Event().wait()
if params.get("fail"):
    work.fail(text, "Traceback (most recent call last):\\n" + text)
    sys.exit(1)
work.result({
    "m": text, "p": "javascript:alert(1)", "i": "https://evil.example/i.png", text: text,
    "t": [{text: text, "b": "javascript:alert(1)"}],
    "c": {"data": [{"y": [1], "name": text, "hovertemplate": text}], "layout": {"title": {"text": text},
          "images": [{"source": "https://evil.example/i.png"}]}},
}, {"type": "object", "properties": {
    "m": {"contentMediaType": "text/markdown", "title": text}, "p": {"contentMediaType": "image/png"},
    "i": {"contentMediaType": "image/png"}, "c": {"contentMediaType": "application/vnd.plotly.v1+json"}}})
`;

const manifest = {
  name: '@hostile/plugin',
  version: attack.slice(0, 60),
  description: attack,
  author: attack,
  license: attack,
  url: 'javascript:alert(1)',
  icon: 'https://evil.example/i.svg',
  operators: ['take'],
  signalbox: {
    operators: {
      take: {
        label: attack,
        command: ['python3', 'take.py'],
        inputs: {
          type: 'object',
          title: attack,
          description: attack,
          properties: {
            a: { type: 'string', title: attack, description: attack, default: attack },
            b: { oneOf: [{ const: attack, title: attack }], title: attack },
            c: { anyOf: [{ type: 'string', title: attack }, { type: 'integer' }], title: attack },
            fail: { type: 'boolean', title: attack },
          },
        },
      },
    },
  },
};

interface Known {
  id: string;
}

/** Puts hostile texts wherever people, plugins and other systems can put any, and tells on which pages they show. */
async function spread(world: World): Promise<string[]> {
  await world.install({ 'fiftyone.yml': JSON.stringify(manifest), 'take.py': program });
  const plugin = await world.call<Known>('GET', `/plugins/${encodeURIComponent('@hostile/plugin')}`);
  const dataset = await world.call<Known>('POST', '/datasets', { name });
  const of = (params: object) =>
    world.schedule('@hostile/plugin/take', { dataset: dataset.id, label: attack.slice(0, 190), params });
  const done = await of({ a: attack, [attack]: attack });
  const failed = await of({ fail: true });
  await world.until(done.id, 'completed', 'failed');
  const waits = await of({ wait: true });
  await world.until(failed.id, 'failed');
  await world.until(waits.id, 'running');
  await world.call('PATCH', `/runs/${done.id}`, { pinned: true });
  const again = await world.call<Known>('POST', `/runs/${done.id}/rerun`, { params: { a: signs } });
  await world.until(again.id, 'completed', 'failed');
  const group = await world.call<Known>('POST', '/groups', { name, description: attack });
  const account = await world.call<Known>('POST', '/service-accounts', { name, description: attack, role: 'member' });
  await world.call('POST', `/service-accounts/${account.id}/keys`, { name });
  await world.call('PUT', `/groups/${group.id}/members/${account.id}`);
  await world.call('PUT', `/datasets/${dataset.id}/access/groups/${group.id}`, { permission: 'edit' });
  await world
    .call('POST', '/invitations', { email: '"<img/src=x>"@example.com', role: 'member' })
    .catch(() => undefined);
  const air = await world.call<Known>('POST', '/orchestrators', {
    name,
    kind: 'airflow',
    config: { url: 'http://127.0.0.1:9/"><script>alert(1)</script>', auth: 'password', username: attack },
    secrets: { password: attack },
  });
  const run = (id: string, ...tabs: string[]) => tabs.map((tab) => `/runs/${id}/${tab}`);
  return [
    '/',
    '/runs',
    `/d/${dataset.id}/runs`,
    `/d/${dataset.id}/access`,
    `/d/${dataset.id}/schedule?operator=@hostile/plugin/take`,
    ...run(done.id, 'input', 'output', 'logs', 'view', 'events'),
    ...run(failed.id, 'errors', 'logs', 'events'),
    ...run(again.id, 'input'),
    ...run(waits.id, 'logs'),
    '/plugins',
    `/plugins/${plugin.id}`,
    '/orchestrators',
    `/orchestrators/${air.id}`,
    '/team/users',
    '/team/groups',
    `/team/groups/${group.id}`,
    '/team/service-accounts',
    `/team/service-accounts/${account.id}`,
    '/team/invitations',
    '/security/audit',
    '/security/sessions',
    `/runs?q=${encodeURIComponent(attack)}`,
    `/runs/${encodeURIComponent(attack)}`,
  ];
}

test('X whatever people, plugins, logs and other systems write is text, on every page', async ({ as, world }) => {
  test.setTimeout(180_000);
  const pages = await spread(world);
  const page = await as('admin', '/');
  const outside = watch(page, world);
  for (const path of pages) {
    await page.goto(world.url + path);
    await expect(page.getByRole('main').getByRole('heading').first()).toBeVisible();
    await page.waitForLoadState('load');
    await expect(page.getByLabel('Loading')).toHaveCount(0);
    await expectText(page, path);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(sideways, path).toBeLessThanOrEqual(0);
  }
  await page.keyboard.press('Control+k');
  await page.getByRole('textbox', { name: /Search for an operator/ }).fill('onload');
  await expect(page.getByRole('dialog').getByText(name).first()).toBeVisible();
  await expectText(page, 'palette');
  expect(outside).toEqual([]);
});

test('X every answer says that it is what it says, and what is downloaded is never shown', async ({ as, world }) => {
  const run = await world.schedule('@tests/forms/report', { params: { result: { a: markup } } });
  await world.until(run.id, 'completed', 'failed');
  const plugin = await world.call<Known>('GET', `/plugins/${encodeURIComponent('@tests/forms')}`);
  const { request } = await as('admin', '/');
  const of = async (path: string, accept = '*/*') =>
    (await request.get(world.url + path, { headers: { Accept: accept } })).headers();
  const pages = ['/', '/runs', '/login', '/login/device', '/docs', '/no/such/page', '/invitations/none'];
  const others = [
    '/openapi.json',
    '/assets/none.js',
    '/favicon.svg',
    '/api/v1/me',
    '/api/v1/none',
    '/auth/none',
    '/metrics',
  ];
  const loads = [`/runs/${run.id}/logs/download`, `/plugins/${plugin.id}/archive`].map((p) => `/api/v1${p}`);
  for (const path of [...pages, ...others, ...loads]) {
    const headers = await of(path, pages.includes(path) ? 'text/html' : '*/*');
    expect(headers['x-content-type-options'], path).toBe('nosniff');
    expect(headers['content-security-policy'], path).toMatch(/default-src '(none|self)'.*frame-ancestors 'none'/);
    if (loads.includes(path)) expect(headers['content-disposition'], path).toMatch(/^attachment/);
  }
});

test('G2 X what an operator says in a form is text, and its links lead to the web alone', async ({ as, world }) => {
  const text = { label: markup, description: markup, caption: markup, placeholder: markup };
  const of = (type: object, view: object, more: object = {}) => ({ type, view: { ...text, ...view }, ...more });
  const end = await answering(world, () => ({
    label: markup,
    schema: { type: 'object' },
    inputs: {
      type: {
        name: 'Object',
        properties: {
          a: of({ name: 'String' }, { name: 'TextFieldView' }, { default: markup }),
          b: of({ name: 'Void' }, { name: 'Notice' }),
          c: of(
            { name: 'String' },
            { name: 'MarkdownView' },
            { default: `${markup} [x](javascript:alert(1)) ![y](https://evil.example/p.png)` },
          ),
          d: of({ name: 'Void' }, { name: 'LinkView', href: 'javascript:alert(1)', label: 'a link' }),
          e: of(
            { name: 'Void' },
            {
              name: 'PlotlyView',
              data: [{ y: [1], name: markup, hovertemplate: markup }],
              layout: {
                title: { text: `<a href="javascript:alert(1)">t</a>` },
                images: [{ source: 'https://evil.example/i.png' }],
              },
            },
          ),
          f: of(
            { name: 'Enum', values: [markup] },
            { name: 'DropdownView', choices: [{ value: markup, label: markup }] },
          ),
          g: of({ name: 'String' }, { name: 'ImageView' }, { default: 'https://evil.example/i.png' }),
        },
      },
      view: null,
    },
  }));
  const page = await as('admin', '/schedule?operator=@tests/forms/silent&dataset=cats');
  const outside: string[] = [];
  page.on('request', (r) => r.url().startsWith(world.url) || r.url().startsWith('data:') || outside.push(r.url()));
  await expect(page.getByText('a link')).toBeVisible();
  await expect(page.locator('.main-svg').first()).toBeVisible({ timeout: 20_000 });
  await expect(page.locator('main a[href^="javascript"], main img[src="x"], main script')).toHaveCount(0);
  await expect(page).toHaveTitle('Schedule a run · Signalbox');
  expect(outside).toEqual([]);
  await end();
});

test('G2 X a result is text, whatever it holds', async ({ as, world }) => {
  const described = {
    type: 'object',
    properties: { m: { contentMediaType: 'text/markdown' }, p: { contentMediaType: 'image/png' } },
  };
  const result = {
    m: `${markup} <a href="javascript:alert(1)">x</a>`,
    p: 'javascript:alert(1)',
    [markup]: markup,
    t: [{ [markup]: markup }],
  };
  const run = await world.schedule('@tests/forms/report', { params: { result, schema: described } });
  await world.until(run.id, 'completed', 'failed');
  const page = await as('admin', `/runs/${run.id}/output`);
  await expect(page.getByText('onerror').first()).toBeVisible();
  await expect(page.locator('main a[href^="javascript"], main img, main script')).toHaveCount(0);
});
