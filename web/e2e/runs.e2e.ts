import { expect, test } from './world.ts';

test('R1 admins switch between a dataset and all datasets, others see the one', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const elsewhere = await world.schedule('ok', { dataset: 'demo-images', label: 'elsewhere' });
  const page = await as('admin', `/d/${id}/runs`);
  await page.getByRole('search').getByText('All datasets').click();
  await expect(page.locator(`[data-run="${elsewhere.id}"]`)).toBeVisible();
  await page.getByRole('search').getByText('This dataset').click();
  await expect(page.locator(`[data-run="${elsewhere.id}"]`)).toBeHidden();
});

test('R1 a member sees no switch to all datasets', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const page = await as('member', `/d/${id}/runs`);
  await expect(page.getByRole('heading', { name: 'Runs' })).toBeVisible();
  await expect(page.getByText('This dataset')).toBeHidden();
});

test('R1 who may not see a dataset is told that there is nothing', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const page = await as('guest', `/d/${id}/runs`);
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
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
});

test('R7 a run is run again from its row', async ({ as, world }) => {
  const run = await world.schedule('ok', { label: 'again and again' });
  const page = await as('admin', '/runs?q=again');
  await page
    .locator(`[data-run="${run.id}"]`)
    .getByRole('button', { name: /^Actions/ })
    .click();
  await page.getByRole('menuitem', { name: 'Re-run' }).click();
  await expect(page.getByText('is scheduled again')).toBeVisible();
  await page.mouse.move(0, 0);
  await expect(page.locator('[data-run]')).toHaveCount(2);
});

test('R8 R9 a run is pinned by key and renamed in place', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const run = await world.schedule('ok', { label: 'to be pinned' });
  await world.until(run.id, 'completed');
  const page = await as('admin', `/d/${id}/runs?q=pinned`);
  const row = page.locator(`[data-run="${run.id}"]`);
  await row.getByRole('link').focus();
  await page.keyboard.press('p');
  await expect(page.getByRole('complementary', { name: 'Pinned runs' })).toContainText('to be pinned');
  await row.getByRole('link').focus();
  await page.keyboard.press('e');
  await page.getByLabel('Name of the run').fill('was pinned');
  await page.keyboard.press('Enter');
  await expect(row).toContainText('was pinned');
});

test('R10 a run is marked as failed after a warning, and stopped', async ({ as, world }) => {
  const run = await world.schedule('hang', { label: 'hangs' });
  await world.until(run.id, 'running');
  const page = await as('admin', `/runs/${run.id}/input`);
  await page.getByRole('button', { name: /^Actions/ }).click();
  await page.getByRole('menuitem', { name: 'Mark as failed…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('goes on and holds its slot');
  await dialog.getByRole('button', { name: 'Mark as failed' }).click();
  await expect(page.getByText('The run is over, its work is not')).toBeVisible();
  await page.getByRole('button', { name: 'Stop the work' }).click();
  await expect(page.getByText('The run is over, its work is not')).toBeHidden();
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
});
