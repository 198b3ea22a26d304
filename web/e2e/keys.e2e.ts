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

test('A4 an admin finds people in the palette, a member does not', async ({ as, besides }) => {
  for (const enter of [as, besides]) {
    const page = await enter(enter === as ? 'admin' : 'member', '/');
    await expect(page.getByRole('region', { name: 'Recent runs' })).toBeVisible();
    await page.keyboard.press('Control+k');
    await page.getByRole('textbox', { name: /Search for an operator/ }).fill('demo labeler');
    const person = page.getByRole('button', { name: /Demo labeler/ });
    if (enter === as) {
      await person.click();
      await expect(page.getByRole('heading', { level: 1, name: 'Demo labeler' })).toBeVisible();
    } else {
      await expect(page.getByText('Nothing like this was found.')).toBeVisible();
      await expect(person).toHaveCount(0);
    }
  }
});
