import { expect, test } from './world.ts';

test('a question mark shows the keys, and g with a letter goes to a place, but not while one types', async ({ as }) => {
  const page = await as('admin', '/');
  await expect(page.getByRole('heading', { name: 'Home' }).or(page.getByText('Recent runs')).first()).toBeVisible();
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keys' });
  await expect(sheet.getByText('Orchestrators')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(sheet).toHaveCount(0);
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page.getByRole('heading', { name: 'Runs', exact: true })).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('gp');
  await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('gp');
  await expect(page.getByRole('heading', { name: 'Runs', exact: true })).toBeVisible();
});

test('a guest is shown no keys for what he may not see', async ({ as }) => {
  const page = await as('guest', '/');
  await expect(page.getByRole('link', { name: 'Runs', exact: true })).toBeVisible();
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keys' });
  await expect(sheet.getByText('Profile')).toBeVisible();
  await expect(sheet.getByText('Orchestrators')).toHaveCount(0);
});
