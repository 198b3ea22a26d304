import { installForms } from './forms.ts';
import { choose, expect, rowOf, test } from './world.ts';

test.describe.configure({ timeout: 90_000 });

test.afterEach(async ({ world }) => {
  await world.kill();
  await world.start();
});

test('without its server a page keeps what it shows, says so, and recovers by itself', async ({ as, world }) => {
  const run = await world.schedule('ok', { label: 'before the cut' });
  await world.until(run.id, 'completed');
  const page = await as('admin', '/runs');
  await expect(rowOf(page, run)).toContainText('before the cut');
  await world.kill();
  await expect(page.getByRole('switch', { name: 'Auto-refresh: Reconnecting' })).toBeVisible();
  await choose(page, run, 'Rename');
  await page.getByRole('textbox', { name: 'Name of the run' }).fill('in the dark');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The server cannot be reached').first()).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Name of the run' })).toHaveValue('in the dark');
  await world.start();
  await expect(page.getByRole('switch', { name: 'Auto-refresh: Live' })).toBeVisible({ timeout: 20_000 });
  await page.getByRole('textbox', { name: 'Name of the run' }).press('Enter');
  await expect(page.getByText('“in the dark”')).toBeVisible();
  await page.getByRole('heading', { name: 'Runs' }).hover(); // nothing new shows under the pointer
  const next = await world.schedule('ok', { label: 'after the cut' });
  await expect(rowOf(page, next)).toBeVisible();
});

test('what was entered outlives a server that is away', async ({ as, world }) => {
  await installForms(world);
  const page = await as('admin', '/schedule?operator=@tests/forms/wide&dataset=cats');
  await page.getByRole('combobox', { name: 'Model' }).click();
  await page.getByRole('option', { name: 'dino' }).click();
  await page.getByRole('textbox', { name: 'Batch size' }).fill('8');
  await expect(page.getByText('It starts at once.')).toBeVisible();
  await world.kill();
  await page.getByRole('button', { name: 'Schedule run' }).click();
  await expect(page.getByText('The server cannot be reached').first()).toBeVisible();
  await page.getByRole('link', { name: 'Team' }).hover(); // its page was never loaded
  await page.keyboard.press('Control+k');
  const told = page.getByRole('alert').filter({ hasText: 'The palette could not be opened' });
  await told.getByRole('button').click();
  await expect(page.getByRole('textbox', { name: 'Batch size' })).toHaveValue('8');
  await world.start();
  await page.getByRole('button', { name: 'Schedule run' }).click();
  await page.waitForURL(/\/runs\/01/);
});

test('a page that was never loaded comes by itself once the server is back', async ({ as, world }) => {
  const page = await as('admin', '/runs');
  await expect(page.getByRole('heading', { name: 'Runs' })).toBeVisible();
  await world.kill();
  await page.getByRole('link', { name: 'Security' }).click();
  await expect(page.getByRole('main').getByRole('alert')).toContainText('The server cannot be reached');
  await world.start();
  await expect(page.getByRole('heading', { name: 'Security' })).toBeVisible({ timeout: 20_000 });
});

test('after an upgrade, whose files have other names, a link leads to the new page', async ({ as }) => {
  const page = await as('admin', '/runs');
  await expect(page.getByRole('heading', { name: 'Runs' })).toBeVisible();
  await page.route(/assets\/plugins/, (route) => route.fulfill({ status: 404 }), { times: 1 });
  await page.getByRole('link', { name: 'Plugins' }).click();
  await expect(page.getByRole('heading', { name: 'Plugins' })).toBeVisible();
});

test('what an upgrade took for good says so, and does not load for ever', async ({ as }) => {
  const page = await as('admin', '/runs');
  await expect(page.getByRole('heading', { name: 'Runs' })).toBeVisible();
  let asked = 0;
  await page.route(/assets\/plugins/, (route) => (asked++, route.fulfill({ status: 404 })));
  await page.getByRole('link', { name: 'Plugins' }).click();
  await expect(page.getByRole('main').getByRole('alert')).toContainText('A part of this page is missing');
  await page.getByRole('link', { name: 'Home' }).click();
  await expect(page.getByRole('heading', { name: 'Home' })).toBeVisible();
  expect(asked).toBeLessThan(8);
});
