import { test as base, type BrowserContext, expect, type Page } from '@playwright/test';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beginCompany, type Company } from './company.ts';

export { expect };

const binary = new URL('../../bin/signalbox', import.meta.url).pathname;

export type Role = 'admin' | 'member' | 'collaborator' | 'labeler' | 'guest';

export interface Run {
  id: string;
  status: string;
}

/** A running program with demonstration users, the plugin `@signalbox/dummy`, and the dataset `cats` with no runs. */
export interface World {
  url: string;
  /** Calls the API as the first admin, and demands that it works. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Schedules a run of an operator of the dummy plugin, or of the URI that is given, as the first admin. */
  schedule(operator: string, more?: Record<string, unknown>): Promise<Run>;
  /** Installs a plugin of these files. */
  install(files: Record<string, string>): Promise<void>;
  /** Waits until a run stands so. */
  until(id: string, ...statuses: string[]): Promise<void>;
  /** Kills the program, as a power cut does. */
  kill(): Promise<void>;
  /** Starts it again where it was. */
  start(): Promise<void>;
}

interface Own {
  world: World;
  /** Whether the program has a login provider, so that there are others than demonstration users. */
  withCompany: boolean;
  company: Company | undefined;
}

interface Each {
  policy: undefined;
  /** Logs in as a demonstration user and goes to a page. */
  as: (role: Role, path: string) => Promise<Page>;
  /** The same for somebody else, in a browser of his own. */
  besides: (role: Role, path: string) => Promise<Page>;
  /** Logs in at the company by an address, in a browser of his own, and goes to a page. Needs `withCompany`. */
  employee: (email: string, path: string, groups?: string, name?: string) => Promise<Page>;
  /** Opens another browser. */
  another: () => Promise<Page>;
}

export const test = base.extend<Each, Own>({
  withCompany: [false, { option: true, scope: 'worker' }],
  company: [
    async ({ withCompany }, use) => {
      const company = withCompany ? await beginCompany() : undefined;
      await use(company);
      await company?.end();
    },
    { scope: 'worker' },
  ],
  world: [
    async ({ company }, use) => {
      const { world, end } = await begin(company);
      await use(world);
      await end();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  // No page of any test may want what the policy of the pages forbids, or throw.
  policy: [
    async ({ page }, use) => {
      const wrong: string[] = [];
      page.on('pageerror', (e) => wrong.push(e.message));
      page.on('console', (m) => m.text().includes('Content Security Policy') && wrong.push(m.text()));
      await use(undefined);
      expect(wrong).toEqual([]);
    },
    { auto: true },
  ],
  as: async ({ page, world }, use) => {
    await use(async (role, path) => {
      await enter(page, world, role, path);
      return page;
    });
  },
  another: async ({ browser }, use) => {
    const opened: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ locale: 'en-GB' });
      opened.push(context);
      return context.newPage();
    });
    for (const context of opened) await context.close();
  },
  besides: async ({ another, world }, use) => {
    await use(async (role, path) => {
      const page = await another();
      await enter(page, world, role, path);
      return page;
    });
  },
  employee: async ({ another, world }, use) => {
    await use(async (email, path, groups, name) => {
      const page = await another();
      await page.goto(`${world.url}/login?return_to=${encodeURIComponent(path)}`);
      await page.getByRole('link', { name: 'Continue with Company login' }).click();
      await atCompany(page, email, groups, name);
      await page.waitForURL((to) => to.origin === world.url);
      return page;
    });
  },
});

/** Says at the company who one is. */
export async function atCompany(page: Page, email: string, groups = '', name = email.replace(/@.*/, '')) {
  await page.getByLabel('Address').fill(email);
  await page.getByLabel('Groups').fill(groups);
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Enter' }).click();
}

async function enter(page: Page, world: World, role: Role, path: string) {
  await page.goto(`${world.url}/login?return_to=${encodeURIComponent(path)}`);
  await page.getByRole('button', { name: `Continue as ${role}` }).click();
  // The page may have its own words for its address before anyone looks, so it is not compared with path.
  await page.waitForURL((to) => to.pathname !== '/login');
}

async function begin(company: Company | undefined): Promise<{ world: World; end: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-e2e-'));
  const providers = join(folder, 'providers.yaml');
  if (company) await writeFile(providers, providersOf(company));
  const url = `http://127.0.0.1:${await freePort()}`;
  const { start, kill } = programIn({
    PATH: process.env.PATH,
    HOME: folder,
    SIGNALBOX_DATA_DIR: join(folder, 'data'),
    SIGNALBOX_LISTEN: new URL(url).host,
    SIGNALBOX_TEMPORAL_LISTEN: `127.0.0.1:${await freePort()}`,
    SIGNALBOX_TEMPORAL_UI_LISTEN: '',
    ...(company ? { SIGNALBOX_PROVIDERS_FILE: providers } : {}),
  });
  await start();
  const key = (await readFile(join(folder, 'data', 'admin.key'), 'utf8')).trim();
  const plugins = (...args: string[]) =>
    promisify(execFile)(binary, ['plugins', 'install', ...args, '--url', url], {
      env: { PATH: process.env.PATH, HOME: folder, SIGNALBOX_API_KEY: key },
    });
  const install = async (files: Record<string, string>) => {
    const from = await mkdtemp(join(folder, 'plugin-'));
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(from, name), text)));
    await plugins(from, '--overwrite');
  };
  const world = { ...worldAt(url, key), install, start, kill };
  await plugins('--builtin', 'dummy');
  await world.call('POST', '/datasets', { name: 'cats' });
  const end = async () => {
    await kill();
    await endThoseIn(folder);
    await rm(folder, { recursive: true, force: true });
  };
  return { world, end };
}

/** The program in an environment, not yet started. */
function programIn(env: Record<string, string | undefined>) {
  let server: ReturnType<typeof spawn> | undefined;
  const start = async () => {
    server = spawn(binary, ['dev'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    if (server.stdout) await said(server.stdout, 'Signalbox is running');
  };
  const kill = async () => {
    if (server?.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL'); // its shims end what it has started
    await once(server, 'exit');
  };
  return { start, kill };
}

/** Ends what a killed server left: the parents of its work, which would go on to tell it how the work ended. */
async function endThoseIn(folder: string) {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const id of processes) {
    const at = await readlink(`/proc/${id}/cwd`).catch(() => '');
    if (at.startsWith(folder)) endProcess(Number(id));
  }
}

function endProcess(id: number) {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

function providersOf({ issuer }: Company): string {
  return `oidc:
  - name: company
    label: Company login
    issuer: ${issuer}
    client_id: signalbox
    mapping:
      groups: {from: groups}
`;
}

function worldAt(url: string, key: string): Omit<World, 'install' | 'start' | 'kill'> {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { 'X-API-Key': key, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  return {
    url,
    call,
    schedule: (operator, more = {}) =>
      call<Run>('POST', '/runs', { operator: uriOf(operator), dataset: 'cats', ...more }),
    until: (id, ...statuses) =>
      expect.poll(async () => statuses.includes((await call<Run>('GET', `/runs/${id}`)).status)).toBe(true),
  };
}

function uriOf(operator: string): string {
  return operator.startsWith('@') ? operator : `@signalbox/dummy/${operator}`;
}

/** The row of a run in a list. */
export function rowOf(page: Page, run: Run) {
  return page.locator(`[data-run="${run.id}"]`);
}

/** Chooses what can be done with a run, from the menu of its row. */
export async function choose(page: Page, run: Run, action: string) {
  await rowOf(page, run)
    .getByRole('button', { name: /^Actions/ })
    .click();
  await page.getByRole('menuitem', { name: action }).click();
}

let lastPort = 12_000 + Math.floor(Math.random() * 500) * 16;

/**
 * Gives a port on which nobody listens, and leaves a few behind it, which the Temporal server takes. None is one that
 * systems give to outgoing connections: those have 32768 and above.
 */
async function freePort(): Promise<number> {
  for (;;) {
    lastPort += 16;
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(lastPort, '127.0.0.1', () => resolve(true));
    });
    if (free) {
      server.close();
      await once(server, 'close');
      return lastPort;
    }
  }
}

function said(stream: NodeJS.ReadableStream, words: string): Promise<void> {
  let text = '';
  return new Promise((resolve, reject) => {
    // It is read to its end, also after that: a program whose output nobody reads would wait.
    stream.on('data', (piece) => {
      text += String(piece);
      if (text.includes(words)) resolve();
    });
    stream.on('end', () => reject(new Error(`it ended, and said:\n${text}`)));
  });
}
