import type { Page } from '@playwright/test';
import { expectOpenToAll } from './axe.ts';
import { expect, test, type World } from './world.ts';

interface Named {
  id: string;
  name: string;
}

async function dataset(world: World, name: string, default_permission: string): Promise<string> {
  return (await world.call<Named>('POST', '/datasets', { name, default_permission })).id;
}

async function person(world: World, role: string): Promise<string> {
  const { items } = await world.call<{ items: Named[] }>('GET', `/users?search=Demo%20${role}`);
  return items[0]?.id ?? '';
}

async function find(page: Page, text: string, option: string | RegExp) {
  const field = page.getByRole('dialog').getByRole('combobox', { name: 'With' });
  await field.fill(text);
  await page.getByRole('option', { name: option }).click();
}

test('A5 A9 X4: default access is changed once its effect was shown, and takes the dataset away', async ({
  as,
  besides,
  world,
}) => {
  const id = await dataset(world, 'shared by default', 'edit');
  const page = await as('admin', `/d/${id}/access`);
  const member = await besides('member', `/d/${id}/access`);
  await expect(member.getByRole('heading', { name: 'Can edit' })).toBeVisible();
  await page.getByRole('combobox', { name: 'Default access' }).selectOption('No access');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Demo member on shared by default: Can edit → No access');
  await expectOpenToAll(page);
  await dialog.getByRole('button', { name: 'Change' }).click();
  await expect(page.getByRole('combobox', { name: 'Default access' })).toHaveValue('none');
  await member.reload();
  await expect(member.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  await member.goto(`${world.url}/runs`);
  const picker = member.getByRole('combobox', { name: 'Dataset' });
  await picker.fill('cats');
  await expect(member.getByRole('option', { name: 'cats', exact: true })).toBeVisible();
  await picker.fill('shared by default');
  await expect(member.getByRole('option', { name: 'cats', exact: true })).toHaveCount(0);
  await expect(member.getByRole('option', { name: 'shared by default' })).toHaveCount(0);
});

test('A3 A5 X4: somebody is given access, then less, then none, each with its effect first', async ({
  as,
  besides,
  world,
}) => {
  const id = await dataset(world, 'given away', 'none');
  const page = await as('admin', `/d/${id}/access`);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Share' }).click();
  await find(page, 'collab', /Demo collaborator/);
  const may = dialog.getByRole('combobox', { name: 'May' });
  await expect(may.getByRole('option')).toHaveText(['Can view', 'Can tag', 'Can edit']);
  await may.selectOption('Can edit');
  await expect(dialog).toContainText('Demo collaborator on given away: No access → Can edit');
  await expectOpenToAll(page);
  await dialog.getByRole('button', { name: 'Share' }).click();
  await expect(dialog).toBeHidden();
  const row = page.getByRole('row', { name: /Demo collaborator/ });
  await expect(row).toContainText('Own grant');
  const granted = row.getByRole('combobox', { name: 'Granted to Demo collaborator' });
  await granted.selectOption('Can view');
  await expect(dialog).toContainText('Can edit → Can view');
  await dialog.getByRole('button', { name: 'Change' }).click();
  await expect(granted).toHaveValue('view');
  const collaborator = await besides('collaborator', `/d/${id}/access`);
  await expect(collaborator.getByRole('heading', { name: 'Can view' })).toBeVisible();
  await granted.selectOption('Nothing');
  await expect(dialog).toContainText('Can view → No access');
  await dialog.getByRole('button', { name: 'Take away' }).click();
  await expect(row).toHaveCount(0);
  await collaborator.reload();
  await expect(collaborator.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
});

test('A3 A6 X4: a group is given access, a role caps it, and the explanation says so', async ({ as, world }) => {
  const id = await dataset(world, 'for a group', 'none');
  const group = await world.call<Named>('POST', '/groups', { name: 'annotators' });
  await world.call('PUT', `/groups/${group.id}/members/${await person(world, 'labeler')}`);
  const page = await as('admin', `/d/${id}/access`);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Share' }).click();
  await find(page, 'annot', 'annotators');
  await dialog.getByRole('combobox', { name: 'May' }).selectOption('Can manage');
  await expect(dialog).toContainText('Demo labeler on for a group: No access → Can tag');
  await dialog.getByRole('button', { name: 'Share' }).click();
  await expect(
    page.getByRole('table', { name: 'Groups with access' }).getByRole('row', { name: /annotators/ }),
  ).toContainText('1');
  const row = page.getByRole('row', { name: /Demo labeler/ });
  await expect(row).toContainText('Group annotators, as much as a labeler may have');
  await row.getByRole('button', { name: 'Explain the access of Demo labeler' }).click();
  await expect(dialog).toContainText('Through the group annotators: Can manage');
  await dialog.getByRole('combobox', { name: 'Ask' }).selectOption('May he change its samples?');
  await expect(dialog).toContainText('needs Can edit');
  await expect(dialog).toContainText('No');
  await expectOpenToAll(page);
});

test('A8: an address that is nobody’s is invited, and the invitation taken back', async ({ as, world }) => {
  const id = await dataset(world, 'by invitation', 'none');
  const page = await as('admin', `/d/${id}/access`);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Share' }).click();
  await find(page, 'new@example.org', 'Invite new@example.org');
  await dialog.getByRole('combobox', { name: 'May' }).selectOption('Can tag');
  await expect(dialog).toContainText('joins as Labeler');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  await expect(dialog).toContainText('/auth/invitation?token=');
  await expectOpenToAll(page);
  await dialog.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('table', { name: 'Invitations' }).getByRole('row', { name: /new@example.org/ });
  await expect(row).toContainText('Labeler');
  await row.getByRole('button', { name: 'Take back the invitation of new@example.org' }).click();
  await dialog.getByRole('button', { name: 'Take back' }).click();
  await expect(row).toHaveCount(0);
});

test('A2 A4: a member who manages a dataset shares it; one who may only see it does not, and reads why', async ({
  as,
  besides,
  world,
}) => {
  const id = await dataset(world, 'managed by a member', 'none');
  await world.call('PUT', `/datasets/${id}/access/users/${await person(world, 'member')}`, { permission: 'manage' });
  await world.call('PUT', `/datasets/${id}/access/users/${await person(world, 'guest')}`, { permission: 'view' });
  const page = await as('member', `/d/${id}/access`);
  await page
    .getByRole('row', { name: /Demo guest/ })
    .getByRole('button', { name: /^Explain/ })
    .click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Granted to himself: Can view');
  await expect(dialog.getByRole('combobox', { name: 'Ask' })).toHaveCount(0); // that is for admins
  await page.keyboard.press('Escape');
  await page.getByRole('searchbox', { name: 'Search who has access' }).fill('guest');
  await expect(page).toHaveURL(/q=guest/);
  await expect(page.getByRole('table', { name: 'People with access' }).locator('tbody tr')).toHaveCount(1);
  const guest = await besides('guest', `/d/${id}/access`);
  await expect(guest.getByRole('button', { name: 'Share' })).toHaveCount(0);
  await expect(guest.getByRole('list', { name: 'What you may do' })).toContainText('Tag its samples');
  await expect(guest.getByText('needs Can tag')).toBeVisible();
  await expectOpenToAll(guest);
});

test('A6 a dataset is shared with more groups than a page has, and one of them is searched', async ({ as, world }) => {
  const id = await dataset(world, 'of many groups', 'none');
  for (let i = 100; i < 152; i++) {
    const { id: group } = await world.call<Named>('POST', '/groups', { name: `crew ${i}` });
    await world.call('PUT', `/datasets/${id}/access/groups/${group}`, { permission: 'view' });
  }
  const page = await as('admin', `/d/${id}/access`);
  const rows = page.getByRole('table', { name: 'Groups with access' }).locator('tbody tr');
  await expect(rows).toHaveCount(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(rows).toHaveCount(52);
  await page.getByRole('searchbox', { name: 'Search who has access' }).fill('CREW 151');
  await expect(rows).toHaveCount(1);
});
