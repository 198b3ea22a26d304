import { expect, rowOf, test } from './world.ts';

test('R1 admins switch between a dataset and all datasets, others see the one', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const elsewhere = await world.schedule('ok', { dataset: 'demo-images', label: 'elsewhere' });
  const page = await as('admin', `/d/${id}/runs`);
  await page.getByRole('search').getByText('All datasets').click();
  await expect(page.locator(`[data-run="${elsewhere.id}"]`)).toBeVisible();
  await page.getByRole('search').getByText('This dataset').click();
  await expect(page.locator(`[data-run="${elsewhere.id}"]`)).toBeHidden();
});

test('R2 a member sees the runs of others on the page of their dataset, and on the page of all his own', async ({
  as,
  world,
}) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const run = await world.schedule('ok');
  const page = await as('member', `/d/${id}/runs`);
  await expect(rowOf(page, run)).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Runs' })).toHaveAttribute(
    'aria-current',
    'page',
  );
  await page.getByText('My runs', { exact: true }).click();
  await expect(page).toHaveURL(/mine=yes/);
  await expect(rowOf(page, run)).toBeHidden();
  await page.goto(`${world.url}/runs`);
  await expect(page.getByRole('radio', { name: 'All runs' })).toBeDisabled();
});

test('R3 X1 a run that waits says where it is in line, and what holds it', async ({ as, world }) => {
  const { quota } = await world.call<{ quota: number }>('GET', '/orchestrators/builtin');
  const busy = await world.schedule('hang');
  await world.until(busy.id, 'running');
  await world.call('PATCH', '/orchestrators/builtin', { quota: 1 });
  const waits = await world.schedule('ok', { label: 'in line' });
  const page = await as('admin', '/runs?q=in%20line');
  await expect(rowOf(page, waits)).toContainText('Number 1 in line');
  await rowOf(page, waits)
    .getByRole('button', { name: /why it waits/ })
    .hover();
  await expect(page.getByText(/\d of 1 slots in use/)).toBeVisible();
  await world.call('PATCH', '/orchestrators/builtin', { quota });
  await expect(rowOf(page, waits)).toContainText('Completed');
  await world.call('POST', `/runs/${busy.id}/stop`);
});

test('R4 R5 R6 sort, filters and search live in the address', async ({ as, world }) => {
  const ok = await world.schedule('ok', { label: 'needle' });
  const bad = await world.schedule('fail', { label: 'needle too' });
  await world.until(bad.id, 'failed');
  const page = await as('admin', '/runs');
  await page.getByRole('searchbox', { name: 'Search' }).fill('NEEDLE');
  await expect(page).toHaveURL(/q=NEEDLE/);
  await expect(page.locator('[data-run]')).toHaveCount(2);
  await page.getByRole('button', { name: 'Status' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Failed' }).click();
  await expect(page).toHaveURL(/status=failed/);
  await expect(page.locator('[data-run]')).toHaveCount(1);
  await page.reload();
  await expect(page.locator(`[data-run="${bad.id}"]`)).toBeVisible();
  await expect(page.locator(`[data-run="${ok.id}"]`)).toBeHidden();
  await page.getByRole('button', { name: 'Search only operator URIs, minding the case' }).click();
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await page.getByRole('searchbox', { name: 'Search' }).fill('needle');
  await page.getByRole('button', { name: 'Search only operator URIs, minding the case' }).click();
  await page.getByRole('button', { name: /^Sort/ }).click();
  await page.getByRole('menuitemradio', { name: 'Oldest' }).click();
  await expect(page).toHaveURL(/sort=oldest/);
  await expect(page.locator('[data-run]')).toHaveCount(2);
  await expect(page.locator('[data-run]').first()).toHaveAttribute('data-run', ok.id);
});

test('R11 the progress that an operator reports goes on in the list and on the page of the run', async ({
  as,
  world,
}) => {
  const run = await world.schedule('sleep', { params: { seconds: 8 }, label: 'by and by' });
  const page = await as('member', '/d/cats/runs?q=by%20and%20by');
  const bar = page.getByRole('progressbar', { name: 'Progress' });
  await expect(rowOf(page, run).locator(bar)).toHaveAttribute('aria-valuenow', /^[1-9]0$/);
  await rowOf(page, run).getByRole('link').click();
  const seen = Number(await bar.getAttribute('aria-valuenow'));
  await expect(page.getByText(/^slept \d of 10 parts$/)).toBeVisible();
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(seen);
  await world.call('POST', `/runs/${run.id}/stop`);
});

test('R12 runs show as they come, with the first line of an error, until auto-refresh is off', async ({
  as,
  world,
}) => {
  const page = await as('admin', '/runs');
  await expect(page.getByRole('switch', { name: /Live/ })).toBeVisible();
  const bad = await world.schedule('fail', { params: { message: 'no such label\nand more' } });
  await expect(page.locator(`[data-run="${bad.id}"]`)).toContainText('no such label');
  await page.getByRole('switch', { name: /Auto-refresh/ }).click();
  const unseen = await world.schedule('ok');
  await world.until(unseen.id, 'completed');
  await expect(page.locator(`[data-run="${unseen.id}"]`)).toBeHidden();
  await page.getByRole('switch', { name: /Auto-refresh/ }).click();
  await expect(page.locator(`[data-run="${unseen.id}"]`)).toBeVisible();
  await page.getByRole('switch', { name: /Auto-refresh/ }).click();
  await page.reload();
  await expect(page.getByRole('switch', { name: /Paused/ })).toBeVisible();
});
