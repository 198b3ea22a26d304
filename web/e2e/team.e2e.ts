import { expect, test } from './world.ts';

interface Users {
  items: { id: string; name: string; role: string }[];
}

test('an admin finds a member and changes his role', async ({ as, world }) => {
  const page = await as('admin', '/team/users');
  const members = page.getByRole('table', { name: 'Members' });
  await page.getByRole('searchbox', { name: 'Search members' }).fill('guest');
  await expect(page).toHaveURL(/q=guest/);
  await expect(members.locator('tbody tr')).toHaveCount(1);
  await members.getByRole('combobox', { name: /^Role of/ }).selectOption('labeler');
  await expect(page.getByText('is labeler now.')).toBeVisible();
  const role = async () => (await world.call<Users>('GET', '/users?search=guest')).items[0]?.role;
  expect(await role()).toBe('labeler');
  await members.getByRole('combobox', { name: /^Role of/ }).selectOption('guest');
  await expect.poll(role).toBe('guest');
});

test('an admin removes a user after he has read what that ends, and not himself', async ({ as, world }) => {
  const page = await as('admin', '/team/users?q=labeler');
  await page.getByRole('button', { name: /^Remove/ }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Nobody’s access to a dataset changes.');
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('Nobody fits.')).toBeVisible();
  expect((await world.call<Users>('GET', '/users?search=labeler')).items).toEqual([]);
  await page.goto(`${world.url}/team/users`);
  const own = page.getByRole('row').filter({ hasText: 'You' });
  await expect(own.getByRole('button', { name: /^Remove/ })).toBeDisabled();
});

test('an admin invites an address, is given its link, and takes the invitation back', async ({ as }) => {
  const page = await as('admin', '/team/invitations');
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('new@example.com');
  await dialog.getByLabel('Role').selectOption('collaborator');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  await expect(dialog.locator('pre')).toContainText('/invite');
  await dialog.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('row').filter({ hasText: 'new@example.com' });
  await expect(row).toContainText('open');
  await row.getByRole('button', { name: /^Take back/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
  await expect(row).toContainText('revoked');
});

test('an address that the server refuses is told beside its field', async ({ as }) => {
  const page = await as('admin', '/team/users');
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('admin@example.com');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  await expect(dialog.locator('[role=alert], [class*=error]').first()).toBeVisible();
});

for (const role of ['member', 'guest'] as const) {
  test(`a ${role} has no page about the team`, async ({ as }) => {
    const page = await as(role, '/team/users');
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Team' })).toBeHidden();
  });
}
