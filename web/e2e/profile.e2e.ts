import { expect, test } from './world.ts';

test('a member makes a key, is shown it once, uses it and ends it', async ({ as, world }) => {
  const page = await as('member', '/profile');
  await page.getByRole('button', { name: 'Make key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('nightly <b>export</b>');
  await dialog.getByRole('button', { name: 'Make key' }).click();
  const key = (await dialog.locator('pre').innerText()).trim();
  const answer = () => fetch(`${world.url}/api/v1/me`, { headers: { 'X-API-Key': key } });
  expect((await answer()).status).toBe(200);
  await dialog.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('table', { name: 'API keys' }).getByRole('row').filter({ hasText: 'nightly <b>' });
  await row.getByRole('button', { name: /^End/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End key' }).click();
  await expect(row).toBeHidden();
  expect((await answer()).status).toBe(401);
});

test('a guest may make no key, and is told why', async ({ as }) => {
  const page = await as('guest', '/profile');
  const make = page.getByRole('button', { name: 'Make key' });
  await expect(make).toBeDisabled();
  await make.locator('..').hover();
  await expect(page.getByText('not open to the role guest')).toBeVisible();
});

test('somebody ends his other sessions and keeps this one', async ({ as, besides }) => {
  const page = await as('collaborator', '/profile');
  const other = await besides('collaborator', '/profile');
  await expect(other.getByRole('heading', { name: 'Profile' })).toBeVisible();
  await page.reload();
  const rows = page.getByRole('table', { name: 'Sessions' }).locator('tbody tr');
  await expect(rows).toHaveCount(2);
  await page.getByRole('button', { name: 'End all others' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End sessions' }).click();
  await expect(rows).toHaveCount(1);
  await other.reload();
  await expect(other).toHaveURL(/\/login/);
});
