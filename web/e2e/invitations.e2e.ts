import { expectOpenToAll } from './axe.ts';
import { atCompany, expect, test } from './world.ts';

test.use({ withCompany: true });
test.describe.configure({ timeout: 90_000 }); // each dialog is looked at in light and in dark

test('A8 an admin invites an address; who has it joins by the link, with the role', async ({ as, another, world }) => {
  const page = await as('admin', '/team/invitations');
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('new@example.org');
  await dialog.getByLabel('Role').selectOption('labeler');
  await expect(dialog).toContainText('Can view and tag');
  await expectOpenToAll(page);
  await dialog.getByRole('button', { name: 'Invite' }).click();
  const link = (await dialog.locator('pre').innerText()).trim();
  await expectOpenToAll(page);
  await dialog.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('row').filter({ hasText: 'new@example.org' });
  await expect(row).toContainText('Open');

  const theirs = await another();
  await theirs.goto(link);
  await expect(theirs).not.toHaveURL(/token=/);
  await expect(theirs.getByText('with the role labeler')).toBeVisible();
  await theirs.getByRole('link', { name: 'Continue with Company login' }).click();
  await atCompany(theirs, 'new@example.org');
  await expect(theirs.getByRole('heading', { name: 'You have joined' })).toBeVisible();
  await theirs.getByRole('link', { name: 'Go on' }).click();
  await expect(theirs.getByRole('heading', { name: 'Home' })).toBeVisible();
  await page.reload();
  await expect(row).toContainText('Accepted');
  await expect(row.getByRole('button')).toHaveCount(0);
  const { items } = await world.call<{ items: { role: string }[] }>('GET', '/users?search=new@');
  expect(items[0]?.role).toBe('labeler');
});

test('A8 a link under another address is refused, and says for whom it is', async ({ employee, world }) => {
  const { link } = await world.call<{ link: string }>('POST', '/invitations', {
    email: 'x@example.org',
    role: 'admin',
  });
  const theirs = await employee('other@example.org', '/');
  await theirs.goto(link);
  await expect(theirs.getByText('which is not the one that your login vouches for')).toBeVisible();
  await expect(theirs.getByRole('button', { name: /^Accept/ })).toHaveCount(0);
});

test('A8 an invitation is sent again, by a link that takes the place of the one before, and taken back', async ({
  as,
  another,
  world,
}) => {
  const first = await world.call<{ link: string }>('POST', '/invitations', {
    email: 'slow@example.org',
    role: 'guest',
  });
  const page = await as('admin', '/team/invitations?open=yes');
  const row = page.getByRole('row').filter({ hasText: 'slow@example.org' });
  await row.getByRole('button', { name: /^Send the invitation/ }).click();
  const dialog = page.getByRole('dialog');
  const link = (await dialog.locator('pre').innerText()).trim();
  expect(link).not.toBe(first.link);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(row).toHaveCount(1);
  const theirs = await another();
  await theirs.goto(first.link);
  await expect(theirs.getByRole('heading', { name: 'That did not work' })).toBeVisible();
  await row.getByRole('button', { name: /^Take back/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole('switch', { name: 'Only open ones' }).click();
  await expect(row.filter({ hasText: 'Taken back' }).first()).toBeVisible();
  await theirs.goto(link);
  await expect(theirs.getByRole('heading', { name: 'That did not work' })).toBeVisible();
});

test('A8 who manages a dataset shares it with an address; view makes a guest, who accepts by login', async ({
  as,
  another,
  world,
}) => {
  const { link } = await world.call<{ link: string }>('POST', '/datasets/cats/access/invitations', {
    email: 'viewer@example.org',
    permission: 'view',
  });
  const page = await as('admin', '/team/invitations');
  const row = page.getByRole('row').filter({ hasText: 'viewer@example.org' });
  await expect(row).toContainText('Guest');
  await expect(row).toContainText('Can view cats');
  const theirs = await another();
  await theirs.goto(link);
  await theirs.getByRole('link', { name: 'Continue with Company login' }).click();
  await atCompany(theirs, 'viewer@example.org');
  await expect(theirs.getByText('The dataset cats is shared with you now.')).toBeVisible();
});

test('A8 an address that is no address is told beside its field, and a user is not invited', async ({
  as,
  employee,
}) => {
  await employee('here@example.org', '/');
  const page = await as('admin', '/team/users');
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('a@b@c');
  await dialog.locator('form').evaluate((form: HTMLFormElement) => (form.noValidate = true));
  await dialog.getByRole('button', { name: 'Invite' }).click();
  await expect(dialog.getByText(/must be an email address/)).toBeVisible();
  await dialog.getByLabel('Address').fill('here@example.org');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  await expect(dialog.getByRole('alert')).toContainText('is a user already');
});
