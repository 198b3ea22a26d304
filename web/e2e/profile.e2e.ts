import { expectOpenToAll } from './axe.ts';
import { expect, test } from './world.ts';

test.describe.configure({ timeout: 90_000 }); // each dialog is looked at in light and in dark

test('S3 a member makes a key, is shown it once, uses it and ends it', async ({ as, world }) => {
  const page = await as('member', '/profile');
  await page.getByRole('button', { name: 'Make key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('nightly <b>export</b>');
  await expectOpenToAll(page);
  await dialog.getByRole('button', { name: 'Make key' }).click();
  const key = (await dialog.locator('pre').innerText()).trim();
  const answer = () => fetch(`${world.url}/api/v1/me`, { headers: { 'X-API-Key': key } });
  expect((await answer()).status).toBe(200);
  await dialog.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('table', { name: 'API keys' }).getByRole('row').filter({ hasText: 'nightly <b>' });
  await expect(row).toContainText(/in \d+ (wk|mo|weeks|months)/);
  await page.reload();
  await expect(page.getByText(key)).toBeHidden();
  await expect(row.getByText('Never')).toHaveCount(0);
  await row.getByRole('button', { name: /^End/ }).click();
  await expectOpenToAll(page);
  await page.getByRole('dialog').getByRole('button', { name: 'End key' }).click();
  await expect(row).toBeHidden();
  expect((await answer()).status).toBe(401);
});

test('S3 a key may be made without an end, or until a day', async ({ as }) => {
  const page = await as('admin', '/profile');
  for (const [term, name] of [
    ['never', 'lasting'],
    ['day', 'dated'],
  ] as const) {
    await page.getByRole('button', { name: 'Make key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByLabel('Good for').selectOption(term);
    if (term === 'day') await dialog.getByLabel('Last day').fill('2020-01-01');
    await dialog.getByRole('button', { name: 'Make key' }).click();
    if (term === 'day') {
      await expect(dialog.getByText(/must lie in the future/)).toBeVisible();
      await dialog.getByLabel('Last day').fill('2199-01-01');
      await dialog.getByRole('button', { name: 'Make key' }).click();
    }
    await dialog.getByRole('button', { name: 'Done' }).click();
  }
  const table = page.getByRole('table', { name: 'API keys' });
  await expect(table.getByRole('row').filter({ hasText: 'lasting' }).getByText('Never')).toHaveCount(2);
  await expect(table.getByRole('row').filter({ hasText: 'dated' })).toContainText(/in \d+ yr/);
});

test('S3 A10 a guest may make no key, and is told why', async ({ as }) => {
  const page = await as('guest', '/profile');
  const make = page.getByRole('button', { name: 'Make key' });
  await expect(make).toBeDisabled();
  await make.locator('..').focus();
  await expect(page.getByRole('tooltip')).toContainText('not open to the role guest');
});

test('S2 somebody sees where he is logged in, ends one session, then all others, and keeps this one', async ({
  as,
  besides,
}) => {
  const page = await as('collaborator', '/profile');
  const other = await besides('collaborator', '/profile');
  await expect(other.getByRole('heading', { name: 'Profile' })).toBeVisible();
  await besides('collaborator', '/');
  await page.reload();
  const rows = page.getByRole('table', { name: 'Sessions' }).locator('tbody tr');
  await expect(rows).toHaveCount(3);
  const own = rows.filter({ hasText: 'This one' });
  await expect(own).toContainText(/Chrome \d+ on Linux/);
  await expect(own.getByRole('button')).toHaveCount(0);
  await rows
    .first()
    .getByRole('button', { name: /^End the session/ })
    .click();
  await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
  await expect(rows).toHaveCount(2);
  await page.getByRole('button', { name: 'End all others' }).click();
  await expectOpenToAll(page);
  await page.getByRole('dialog').getByRole('button', { name: 'End sessions' }).click();
  await expect(rows).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'End all others' })).toBeDisabled();
  await other.reload();
  await expect(other).toHaveURL(/\/login/);
});

test('how pages look is remembered, and follows the system if one wants', async ({ as }) => {
  const page = await as('member', '/profile');
  const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme');
  await page.getByRole('radiogroup', { name: 'Theme' }).getByText('Dark').click();
  await page.reload();
  await expect.poll(scheme).toBe('dark');
  await page.getByRole('radiogroup', { name: 'Theme' }).getByText('As the system').click();
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(scheme).toBe('light');
});
