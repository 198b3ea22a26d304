import { expectOpenToAll } from './axe.ts';
import { expect, type Run, test } from './world.ts';

test('G1 G2 input and output are rendered, or raw', async ({ as, world }) => {
  const run = await world.schedule('ok', { params: { result: { note: '<img src=x onerror=alert(1)>' } } });
  await world.until(run.id, 'completed');
  const page = await as('admin', `/runs/${run.id}`);
  await expect(page).toHaveURL(/\/output$/);
  await expect(page.getByText('<img src=x onerror=alert(1)>')).toBeVisible();
  await page.getByText('Raw', { exact: true }).click();
  await expect(page.locator('pre')).toContainText('"note"');
  await page.getByRole('tab', { name: 'Input' }).click();
  await expect(page).toHaveURL(/\/input$/);
});

test('G1 G2 an output is for reading: numbers as one writes them, text as text', async ({ as, world }) => {
  const result = { animals: [{ name: 'wolf', count: 1200.5 }], note: '<script>document.title = 1</script>' };
  const run = await world.schedule('ok', { params: { result } });
  await world.until(run.id, 'completed');
  const page = await as('admin', `/runs/${run.id}/output`);
  await expect(page.getByRole('cell', { name: '1,200.5' })).toBeVisible();
  await expect(page.getByText(result.note)).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Errors' })).toBeHidden();
});

test('G3 a stack trace and the events tell how a run failed', async ({ as, world }) => {
  const run = await world.schedule('@signalbox/imagestats/broken');
  await world.until(run.id, 'failed');
  const page = await as('member', `/runs/${run.id}`);
  await expect(page.locator('pre')).toContainText('ZeroDivisionError');
  await page.getByRole('tab', { name: 'Events' }).click();
  const failed = page.getByRole('row').filter({ has: page.getByRole('cell', { name: 'Failed' }) });
  await expect(failed).toContainText(/ \d{4}, \d\d:\d\d:\d\d/);
});

test('G5 the view, or that it was the whole dataset', async ({ as, world }) => {
  const run = await world.schedule('ok');
  const page = await as('member', `/runs/${run.id}/view`);
  await expect(page.getByText('the whole dataset “cats”')).toBeVisible();
});

test('G6 a run is reached from the start page, the table and the pinned ones', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const page = await as('member', `/d/${id}/runs`);
  const answer = await page.request.post(`${world.url}/api/v1/runs`, {
    data: { operator: '@signalbox/dummy/ok', dataset: 'cats', label: 'of a member' },
  });
  const run = (await answer.json()) as Run;
  await world.call('PATCH', `/runs/${run.id}`, { pinned: true });
  for (const [path, where] of [
    ['/', page.getByRole('region', { name: 'Recent runs' })],
    [`/d/${id}/runs`, page.getByRole('list', { name: 'Runs' })],
    [`/d/${id}/runs`, page.getByRole('complementary', { name: 'Pinned runs' })],
  ] as const) {
    await page.goto(world.url + path);
    await where.locator(`a[href="/runs/${run.id}"]`).click();
    await expect(page.getByRole('heading', { name: 'of a member' })).toBeVisible();
  }
  await world.call('PATCH', `/runs/${run.id}`, { pinned: false });
});

test('G3 errors come first when a run has failed, and only then', async ({ as, world }) => {
  const run = await world.schedule('fail', { params: { message: 'out of ink' } });
  await world.until(run.id, 'failed');
  const page = await as('admin', `/runs/${run.id}`);
  await expect(page).toHaveURL(/\/errors$/);
  await expect(page.getByRole('alert')).toContainText('out of ink');
});

test('G4 L1 L3 a log shows as a table, is searched, and links to a line', async ({ as, world }) => {
  const run = await world.schedule('log', { params: { lines: 300, message: 'measuring' } });
  await world.until(run.id, 'completed');
  const page = await as('admin', `/runs/${run.id}/logs`);
  await expect(page.getByRole('table', { name: 'Log' })).toHaveAttribute('aria-rowcount', '300');
  await page.getByRole('button', { name: 'Link to line 3', exact: true }).click();
  await expect(page).toHaveURL(/line=3/);
  await page.getByRole('searchbox', { name: 'Search the log' }).fill('no such words');
  await expect(page.getByText('No line fits.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Download logs' })).toHaveAttribute('href', /logs\/download$/);
});

test('X7 an admin blanks out what should not have got into a log, and the events tell who did', async ({
  as,
  world,
}) => {
  const run = await world.schedule('log', { params: { lines: 3, message: 'the key is hunter2-hunter2' } });
  await world.until(run.id, 'completed');
  const page = await as('admin', `/runs/${run.id}/logs`);
  const log = page.getByRole('table', { name: 'Log' });
  await expect(log).toContainText('hunter2-hunter2');
  await page.getByRole('button', { name: 'Blank out text…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Blank out text in this log' });
  await expect(dialog.getByLabel('Text')).toBeFocused();
  await dialog.getByLabel('Text').fill('key');
  await dialog.getByRole('button', { name: 'Blank out' }).click();
  await expect(dialog).toContainText('less than 6 characters');
  await expectOpenToAll(page);
  await dialog.getByLabel('Text').fill('hunter2-hunter2');
  await dialog.getByRole('button', { name: 'Blank out' }).click();
  await expect(page.getByText('3 places were blanked out.')).toBeVisible();
  await expect(dialog).toBeHidden();
  await expect(log).toContainText('the key is ***');
  await expect(log).not.toContainText('hunter2');
  await page.getByRole('tab', { name: 'Events' }).click();
  await expect(page.getByRole('table', { name: 'Events' })).toContainText('Demo admin');
});

test('L2 X2 a log over 1 MB is to download, and opens in the viewer', async ({ as, world }) => {
  const run = await world.schedule('log', { params: { size: '3MB' } });
  await world.until(run.id, 'completed');
  const page = await as('admin', `/runs/${run.id}/logs`);
  await expect(page.getByRole('link', { name: 'Download logs' })).toBeVisible();
  await expect(page.getByRole('table')).toBeHidden();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download logs' }).click();
  expect((await download).suggestedFilename()).toBe(`${run.id}.log`);
  await page.getByRole('button', { name: 'Open in the viewer' }).click();
  const log = page.getByRole('table', { name: 'Log' });
  await expect(log.getByRole('row').first()).toContainText('INFO');
  await log.evaluate((e) => e.scrollTo(0, e.scrollHeight));
  const last = await log.getAttribute('aria-rowcount');
  await expect(log.getByRole('button', { name: `Link to line ${last}`, exact: true })).toBeVisible();
  expect(await log.getByRole('row').count()).toBeLessThan(200);
  await page.goto(`${world.url}/runs/${run.id}/logs?open=yes&line=20000`);
  await expect(log.getByRole('button', { name: 'Link to line 20000', exact: true })).toBeInViewport();
});

test('L4 the log of a run shows while it goes on, until it has ended', async ({ as, world }) => {
  const run = await world.schedule('hang');
  await world.until(run.id, 'running');
  const page = await as('member', `/runs/${run.id}/logs`);
  await expect(page.getByRole('tab', { name: 'Logs' })).toHaveAttribute('aria-selected', 'true');
  await world.call('POST', `/runs/${run.id}/stop`);
  await expect(page.getByRole('tab', { name: 'Errors' })).toBeVisible({ timeout: 20_000 });
});

test('what does not exist says so', async ({ as, world }) => {
  const page = await as('member', '/runs?status=failed');
  await expect(page).toHaveURL(/status=failed/);
  await page.goto(`${world.url}/no/such/page`);
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
});
