import {
  type Browser,
  type BrowserContext,
  type CDPSession,
  chromium,
  expect,
  type Locator,
  type Page,
  test,
} from '@playwright/test';
import { readFile, writeFile } from 'node:fs/promises';

const url = process.env.SIGNALBOX_SPEED_URL ?? '';
const run = process.env.SIGNALBOX_SPEED_RUN ?? ''; // one with a large log
const out = process.env.SIGNALBOX_SPEED_OUT ?? ''; // the file for what was measured
const rounds = Number(process.env.SIGNALBOX_SPEED_ROUNDS ?? '10');

const slowed = 4; // times slower than this machine's processor

/** Milliseconds and bytes. */
interface Measured {
  first: Record<string, number[]>; // the largest contentful paint of a first visit, by page, slowed
  later: Record<string, number[]>; // the same of later ones
  interactions: number[]; // from an input to the next paint, slowed
  rows: number[]; // from a change of sort or filter to the new rows
  script: number; // compressed, of the first page
  memory: number; // of the page's process, after a walk through the log
}

// A profile of its own, as people have: without one the browser keeps no code that it has compiled.
test('how fast the pages are', async ({ launchOptions, locale }, info) => {
  let profiles = 0;
  const launch = () =>
    chromium.launchPersistentContext(info.outputPath(`profile-${profiles++}`), {
      ...launchOptions,
      ...(locale && { locale }),
    });
  const first = { runs: await firstPaints(launch, '/runs'), run: await firstPaints(launch, `/runs/${run}/input`) };
  const context = await launch();
  const page = await loginPage(context);
  await page.getByRole('button', { name: 'Continue as admin' }).click();
  await expect(page.locator('[data-run]').first()).toBeVisible();
  const cdp = await context.newCDPSession(page);
  const measured: Measured = {
    first,
    rows: await newRows(page),
    later: {
      runs: await paints(page, cdp, '/runs'),
      run: await paints(page, cdp, `/runs/${run}/input`),
    },
    interactions: await interactions(page, cdp),
    script: await script(page, cdp),
    memory: await logMemory(page, await browserOf(context).newBrowserCDPSession()),
  };
  await writeFile(out, JSON.stringify(measured));
  await context.close();
});

/** Opens the login page. */
async function loginPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${url}/login?return_to=%2Fruns`);
  return page;
}

function browserOf(context: BrowserContext): Browser {
  const browser = context.browser();
  if (!browser) throw new Error('the context has no browser');
  return browser;
}

/** Largest contentful paints of an address in browsers that have seen nothing but the login page. */
async function firstPaints(launch: () => Promise<BrowserContext>, path: string): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < rounds / 2; i++) {
    const context = await launch();
    const page = await loginPage(context);
    await page.waitForLoadState('networkidle'); // nobody logs in sooner than that
    const form = { user: 'admin', return_to: path };
    await page.request.post(`${url}/auth/demo`, { form, headers: { Origin: url } });
    found.push(...(await paints(page, await context.newCDPSession(page), path, 1)));
    await context.close();
  }
  return found;
}

/** Largest contentful paints of an address, with the processor slowed. */
async function paints(page: Page, cdp: CDPSession, path: string, times = rounds): Promise<number[]> {
  const found: number[] = [];
  await slow(cdp, slowed);
  for (let i = 0; i < times; i++) {
    await page.goto(url + path, { waitUntil: 'load' });
    await expect(page.locator('[data-run], [aria-label=Timeline]').first()).toBeVisible();
    await page.waitForTimeout(500);
    found.push(await page.evaluate(largestPaint));
  }
  await slow(cdp, 1);
  return found;
}

function largestPaint(): Promise<number> {
  return new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().at(-1)?.startTime ?? NaN)).observe({
      type: 'largest-contentful-paint',
      buffered: true,
    });
  });
}

/** What one does on the pages of runs, by keys and the mouse. */
async function interactions(page: Page, cdp: CDPSession): Promise<number[]> {
  await page.goto(`${url}/runs`);
  await expect(page.locator('[data-run]').first()).toBeVisible();
  await slow(cdp, slowed);
  await page.evaluate(watchInteractions);
  const search = page.getByRole('searchbox', { name: 'Search' });
  for (let i = 0; i < rounds; i++) {
    await press(page, page.getByRole('button', { name: /^Sort/ }));
    await press(page, page.getByRole('menuitemradio', { name: i % 2 ? 'Newest' : 'Oldest' }));
    await settled(page);
    await press(page, search);
    await page.keyboard.type('op', { delay: 60 });
    await settled(page);
    for (const key of ['Backspace', 'Backspace', 'Tab']) await page.keyboard.press(key, { delay: 60 });
    await settled(page);
    for (const key of ['j', 'j', 'k']) await page.keyboard.press(key, { delay: 60 });
    await press(page, page.getByRole('button', { name: /^Actions/ }).first());
    await page.keyboard.press('Escape', { delay: 60 });
  }
  await slow(cdp, 1);
  return page.evaluate(() => [...window.interactions.values()]);
}

/**
 * Presses at the middle of something, as a hand does: it points there first. A click of Playwright looks at what lies under
 * the pointer while the page answers, which would be measured too.
 */
async function press(page: Page, what: Locator) {
  await what.waitFor();
  await what.evaluate((element) => Promise.all(element.getAnimations({ subtree: true }).map((a) => a.finished)));
  const box = await what.boundingBox();
  if (!box) throw new Error('it is not on the page');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForTimeout(100);
  await page.mouse.down();
  await page.waitForTimeout(60);
  await page.mouse.up();
}

declare global {
  interface Window {
    interactions: Map<number, number>;
    began: number;
    took: number[];
  }
  interface PerformanceEventTiming {
    readonly interactionId: number;
  }
}

function watchInteractions() {
  window.interactions = new Map();
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as PerformanceEventTiming[]) {
      if (entry.interactionId === 0) continue;
      const before = window.interactions.get(entry.interactionId) ?? 0;
      window.interactions.set(entry.interactionId, Math.max(before, entry.duration));
    }
  }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
}

/** From the press on a sort or a filter to the rows that it asks for. Each is asked for the first time. */
async function newRows(page: Page): Promise<number[]> {
  await page.evaluate(() => {
    window.took = [];
    window.began = NaN;
    window.addEventListener('click', () => (window.began = performance.now()), true);
    new MutationObserver((seen) => {
      const done = seen.some(({ target }) => (target as Element).getAttribute('aria-busy') === 'false');
      if (done) requestAnimationFrame(() => window.took.push(performance.now() - window.began));
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['aria-busy'] });
  });
  for (const sort of ['Oldest', 'Last updated', 'Operator', 'Newest']) {
    await page.getByRole('button', { name: /^Sort/ }).click();
    await page.getByRole('menuitemradio', { name: sort }).click();
    await settled(page);
    for (const status of ['Failed', 'Completed']) {
      await page.getByRole('button', { name: /^(Status|\d statuses|Failed|Completed)$/ }).click();
      await page.getByRole('menuitemcheckbox', { name: status }).click();
      await settled(page);
      await page.keyboard.press('Escape');
    }
    await page.getByRole('button', { name: /^\d statuses$/ }).click();
    await page.getByRole('menuitem', { name: 'All statuses' }).click();
    await settled(page);
  }
  return page.evaluate(() => window.took);
}

async function settled(page: Page) {
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  await expect(page.locator('[data-run]').first()).toBeVisible();
}

/** The compressed size of the scripts that the first page loads. */
async function script(page: Page, cdp: CDPSession): Promise<number> {
  await cdp.send('Network.clearBrowserCache');
  await page.goto(`${url}/`, { waitUntil: 'load' });
  return page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter((entry) => new URL(entry.name).pathname.endsWith('.js'))
      .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
  );
}

/** The memory of the process (PSS) of a tab at its most, while one goes through a large log there. */
async function logMemory(before: Page, cdp: CDPSession): Promise<number> {
  const page = await before.context().newPage();
  await before.close(); // what it has done before is not the log's
  await page.goto(`${url}/runs/${run}/logs?open=yes`);
  const log = page.getByRole('table', { name: 'Log' });
  await expect(log.getByRole('row').first()).toContainText('INFO');
  let most = 0;
  for (let part = 0; part < 5; part++) {
    for (let i = 0; i < 20; i++) {
      await log.evaluate((frame, at) => frame.scrollTo(0, frame.scrollHeight * at), i / 20);
      await expect(log.getByText('…', { exact: true })).toHaveCount(0);
    }
    most = Math.max(most, await largestRenderer(cdp));
    const later = page.getByRole('button', { name: 'Later' });
    if (await later.isDisabled()) break;
    await later.click();
  }
  return most;
}

async function largestRenderer(cdp: CDPSession): Promise<number> {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter((p) => p.type === 'renderer')
    .map(async ({ id }) => {
      const text = await readFile(`/proc/${id}/smaps_rollup`, 'utf8');
      return 1024 * Number(/^Pss: +(\d+)/m.exec(text)?.[1]);
    });
  return Math.max(...(await Promise.all(sizes)));
}

async function slow(cdp: CDPSession, rate: number) {
  await cdp.send('Emulation.setCPUThrottlingRate', { rate });
}
