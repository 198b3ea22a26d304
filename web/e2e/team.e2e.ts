import type { Page } from '@playwright/test';
import { expectOpenToAll } from './axe.ts';
import { expectText, watch } from './text.ts';
import { expect, test, type World } from './world.ts';

// Roles of demonstration users are not for changing, so people come by a login provider here.
test.use({ withCompany: true });
test.describe.configure({ timeout: 90_000 }); // each dialog is looked at in light and in dark

interface Listed<T> {
  items: T[];
}

interface User {
  id: string;
  name: string;
  role: string;
  groups: { name: string }[];
}

const userOf = async (world: World, name: string) =>
  (await world.call<Listed<User>>('GET', `/users?search=${name}`)).items[0];

const table = (page: Page, name: string) => page.getByRole('table', { name, exact: true });

const question = (page: Page) => page.getByRole('dialog');

test('A4 an admin searches users, by role and in order, and all of it lives in the address', async ({
  as,
  employee,
}) => {
  await employee('zora@example.org', '/');
  const page = await as('admin', '/team/users');
  await page.getByRole('searchbox', { name: 'Search' }).fill('ZORA@');
  await expect(page).toHaveURL(/q=ZORA/);
  await expect(table(page, 'Users').locator('tbody tr')).toHaveCount(1);
  await page.getByRole('searchbox', { name: 'Search' }).fill('');
  await page.getByRole('button', { name: 'Role' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Guest' }).click();
  await expect(page).toHaveURL(/role=guest/);
  await expect(table(page, 'Users')).toContainText('Demo guest');
  await expect(table(page, 'Users')).not.toContainText('Demo member');
  await page.goto(`${new URL(page.url()).origin}/team/users?sort=role`);
  await expect(table(page, 'Users').locator('tbody tr').first()).toContainText(/admin/i);
  await page.getByRole('button', { name: /^Sort/ }).click();
  await page.getByRole('menuitemradio', { name: 'Newest' }).click();
  await expect(page).toHaveURL(/sort=newest/);
  await expect(table(page, 'Users').locator('tbody tr').first()).toContainText('zora');
});

test('A1 X4 a role is changed after the page has told who loses what', async ({ as, employee, world }) => {
  const theirs = await employee('ann@example.org', '/profile');
  await expect(theirs.getByText(/^Member\./)).toBeVisible();
  const page = await as('admin', '/team/users?q=ann');
  await page.getByRole('combobox', { name: 'Role of ann' }).selectOption('guest');
  await expect(question(page)).toContainText('ann loses access to');
  await expectOpenToAll(page);
  await question(page).getByRole('button', { name: 'Cancel' }).click();
  expect((await userOf(world, 'ann'))?.role).toBe('member');
  await page.getByRole('combobox', { name: 'Role of ann' }).selectOption('guest');
  await question(page).getByRole('button', { name: 'Change role' }).click();
  await expect(page.getByText('ann is guest now.')).toBeVisible();
  expect((await userOf(world, 'ann'))?.role).toBe('guest');
  await theirs.reload();
  await expect(theirs.getByText(/^Guest\./)).toBeVisible();
});

test('A1 a role that a login provider decides, and that of a demonstration user, cannot be changed here', async ({
  as,
}) => {
  const page = await as('admin', '/team/users?q=labeler');
  await expect(page.getByRole('row').filter({ hasText: 'Demo labeler' })).toContainText('Labeler');
  await expect(page.getByRole('combobox')).toHaveCount(0);
  await page.locator('span[tabindex]').first().focus();
  await expect(page.getByRole('tooltip')).toContainText('keeps his role');
});

test('A4 a user is removed after the page has told what that ends; nobody removes himself', async ({
  as,
  employee,
  world,
}) => {
  const theirs = await employee('gone@example.org', '/');
  const page = await as('admin', '/team/users?q=gone');
  await page.getByRole('link', { name: 'gone' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'gone' })).toBeVisible();
  await expect(table(page, 'Datasets')).toContainText('Can edit');
  await page.getByRole('button', { name: 'Remove gone' }).click();
  await expect(question(page)).toContainText('gone loses access to');
  await question(page).getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page).toHaveURL(/team\/users$/);
  expect(await userOf(world, 'gone')).toBeUndefined();
  await theirs.reload();
  await expect(theirs).toHaveURL(/login/);
  const own = page.getByRole('row').filter({ hasText: 'You' });
  await expect(own.getByRole('button', { name: /^Remove/ })).toBeDisabled();
});

test('A6 a group is made, filled, renamed and deleted, each with its effect first', async ({ as, employee, world }) => {
  await employee('bea@example.org', '/');
  const bea = await userOf(world, 'bea');
  await world.call('PATCH', `/users/${bea?.id ?? ''}`, { role: 'collaborator' });
  const page = await as('admin', '/team/groups');
  await page.getByRole('button', { name: 'New group' }).click();
  await question(page).getByLabel('Name').fill('Labelers <i>');
  await expectOpenToAll(page);
  await question(page).getByRole('button', { name: 'Make group' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Labelers <i>' })).toBeVisible();
  await expect(page.getByText('Nobody is in this group.')).toBeVisible();
  const id = new URL(page.url()).pathname.split('/').pop() ?? '';
  await world.call('PUT', `/datasets/cats/access/groups/${id}`, { permission: 'edit' });

  await page.getByRole('button', { name: 'Add member' }).click();
  await question(page).getByRole('combobox', { name: 'Who' }).fill('bea@');
  await page.getByRole('option', { name: /bea/ }).click();
  await expect(question(page)).toContainText('bea gets access to cats.');
  await expectOpenToAll(page);
  await question(page).getByRole('button', { name: 'Add', exact: true }).click();
  await expect(table(page, 'Members')).toContainText('bea@example.org');

  await page.getByRole('button', { name: 'Change…' }).click();
  await question(page).getByLabel('Name').fill('Night labelers');
  await question(page).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Night labelers' })).toBeVisible();

  await page.getByRole('button', { name: /^Take bea/ }).click();
  await expect(question(page)).toContainText('bea loses access to cats.');
  await question(page).getByRole('button', { name: 'Take out' }).click();
  await expect(page.getByText('Nobody is in this group.')).toBeVisible();

  await world.call('PUT', `/groups/${id}/members/${bea?.id ?? ''}`);
  await page.reload();
  await page.getByRole('button', { name: /^Delete the group/ }).click();
  await expect(question(page)).toContainText('Its member stays.');
  await expect(question(page)).toContainText('bea loses access to cats.');
  await question(page).getByRole('button', { name: 'Delete group' }).click();
  await expect(page).toHaveURL(/team\/groups$/);
  await expect(page.getByText('Night labelers', { exact: true })).toBeHidden();
});

test('A6 a member whom a login provider put into a group is taken out there alone', async ({ as, employee, world }) => {
  const group = await world.call<{ id: string }>('POST', '/groups', { name: 'vision' });
  await employee('cleo@example.org', '/', 'vision');
  const page = await as('admin', `/team/groups/${group.id}`);
  await expect(table(page, 'Members')).toContainText('the login provider company');
  await expect(page.getByRole('button', { name: /^Take cleo/ })).toBeDisabled();
});

test('X the name that a login provider gives is text', async ({ as, employee, world }) => {
  const name = '"><svg onload=document.title=1><img src=x onerror=document.title="taken"> \u202Egnol\u001b[31m';
  const shown = /^"><svg onload=document.title=1><img src=x onerror=document.title="taken"> gnol/;
  const own = await employee('mal@example.org', '/profile', '', name);
  await expect(own.getByText(shown).first()).toBeVisible();
  await expectText(own, 'his own profile');
  const { items } = await world.call<{ items: { id: string; email: string }[] }>('GET', '/users?search=mal@');
  const page = await as('admin', '/');
  const outside = watch(page, world);
  for (const path of ['/team/users?q=mal', `/team/users/${items[0]?.id}`, '/security/sessions', '/security/audit']) {
    await page.goto(world.url + path);
    await expect(page.getByText(shown).first(), path).toBeVisible();
    await expectText(page, path);
  }
  expect(outside).toEqual([]);
});

test('A6 a group of many has pages, and its members are searched', async ({ as, world }) => {
  const group = await world.call<{ id: string }>('POST', '/groups', { name: 'fleet' });
  for (let i = 10; i < 63; i++) {
    const account = await world.call<{ id: string }>('POST', '/service-accounts', { name: `ship ${i}`, role: 'guest' });
    await world.call('PUT', `/groups/${group.id}/members/${account.id}`);
  }
  const page = await as('admin', `/team/groups/${group.id}`);
  await expect(page.getByText('53 are in it.')).toBeVisible();
  const rows = table(page, 'Members').locator('tbody tr');
  await expect(rows).toHaveCount(50);
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(rows).toHaveCount(3);
  await page.getByRole('button', { name: 'Previous' }).click();
  await expect(rows).toHaveCount(50);
  await page.getByRole('searchbox', { name: 'Search' }).fill('ship 62');
  await expect(rows).toHaveCount(1);
  await page.goto(`${world.url}/team/service-accounts`);
  await expect(table(page, 'Service accounts').locator('tbody tr')).toHaveCount(50);
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page).toHaveURL(/cursor=/);
  await expect(page.getByRole('link', { name: 'ship 62' })).toBeVisible();
});

test('A7 a service account is made, given a key that is shown once, another role, and deleted', async ({
  as,
  world,
}) => {
  const page = await as('admin', '/team/service-accounts');
  await page.getByRole('button', { name: 'New service account' }).click();
  await question(page).getByLabel('Name').fill('nightly');
  await question(page).getByLabel('Role').selectOption('guest');
  await expect(question(page)).toContainText('API keys are not open to this role');
  await question(page).getByLabel('Role').selectOption('collaborator');
  await question(page).getByLabel('Description').fill('exports at night');
  await question(page).getByRole('button', { name: 'Make account' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'nightly' })).toBeVisible();

  await page.getByRole('button', { name: 'Make key' }).click();
  await question(page).getByLabel('Name').fill('export');
  await question(page).getByLabel('Good for').selectOption('30');
  await question(page).getByRole('button', { name: 'Make key' }).click();
  const key = (await question(page).locator('pre').innerText()).trim();
  await expectOpenToAll(page);
  await question(page).getByRole('button', { name: 'Done' }).click();
  const answer = async () => (await fetch(`${world.url}/api/v1/me`, { headers: { 'X-API-Key': key } })).status;
  expect(await answer()).toBe(200);
  await page.reload();
  await expect(page.getByText(key)).toBeHidden();
  await expect(table(page, 'API keys')).toContainText(/in 4 wk|in 29 days|in 30 days/);

  await page.getByRole('combobox', { name: 'Role of nightly' }).selectOption('labeler');
  await question(page).getByRole('button', { name: 'Change role' }).click();
  await expect(page.getByText('nightly is labeler now.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Make key' })).toBeDisabled();
  expect(await answer()).toBe(401);

  await page.getByRole('button', { name: 'End the key export' }).click();
  await question(page).getByRole('button', { name: 'End key' }).click();
  await expect(page.getByText('No API keys yet.')).toBeVisible();
  await page.getByRole('button', { name: 'Delete nightly' }).click();
  await question(page).getByRole('button', { name: 'Delete account' }).click();
  await expect(page).toHaveURL(/team\/service-accounts$/);
});

test('A7 a name that is taken is told in the dialog', async ({ as, world }) => {
  await world.call('POST', '/service-accounts', { name: 'taken', role: 'member' });
  const page = await as('admin', '/team/service-accounts');
  await page.getByRole('button', { name: 'New service account' }).click();
  await question(page).getByLabel('Name').fill('taken');
  await question(page).getByRole('button', { name: 'Make account' }).click();
  await expect(question(page).getByRole('alert')).toContainText('taken');
});
