import { readFile } from 'node:fs/promises';
import { expectOpenToAll } from './axe.ts';
import { expect, test } from './world.ts';

test('A1 A2 A10: everybody reads what each role may do', async ({ as, world }) => {
  const page = await as('guest', '/security');
  await expect(page).toHaveURL(/security\/roles/);
  const table = page.getByRole('table', { name: 'What each role may do' });
  await expect(table.getByRole('columnheader')).toHaveText([
    'Right',
    'Admin',
    'Member',
    'Collaborator',
    'Labeler',
    /Guest/,
  ]);
  await expect(table.getByRole('row', { name: /^Most on a dataset/ })).toContainText(
    'Can manageCan manageCan editCan tagCan view',
  );
  await expect(page.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
  for (const hidden of ['sessions', 'audit']) {
    await page.goto(`${world.url}/security/${hidden}`);
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  }
});

test('A10 X4: a setting is saved once its effect was shown; a member reads the settings', async ({
  as,
  besides,
  world,
}) => {
  const page = await as('admin', '/security/defaults');
  const least = page.getByRole('combobox', { name: 'Sees other people’s runs from' });
  await least.selectOption('Collaborator');
  await page.getByRole('button', { name: 'Save…' }).click();
  const dialog = page.getByRole('dialog');
  // Other tests may have made service accounts.
  await expect(dialog).toContainText(
    /Collaborator: other people’s runs are shown to 1 user( and \d+ service accounts?)? at once\./,
  );
  await expectOpenToAll(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The settings are saved.')).toBeVisible();
  expect(await world.call('GET', '/settings')).toMatchObject({ all_runs_minimum_role: 'collaborator' });
  const member = await besides('member', '/security/defaults');
  await expect(member.getByText('Only admins change these.')).toBeVisible();
  await expect(member.getByRole('combobox', { name: 'Role of a new user' })).toBeDisabled();
  await expect(member.getByRole('button', { name: 'Save…' })).toHaveCount(0);
  await world.call('PATCH', '/settings', { all_runs_minimum_role: 'member' });
});

test('A10: a role loses its API keys after a warning, and nobody shuts everybody out', async ({ as, world }) => {
  const page = await as('admin', '/security/defaults');
  const dialog = page.getByRole('dialog');
  await page.getByRole('checkbox', { name: 'Admin' }).uncheck();
  await expect(page.getByText('Admins get in by logging in alone, then')).toBeVisible();
  await expectOpenToAll(page);
  await page.getByRole('button', { name: 'Save…' }).click();
  await expect(dialog).toContainText('Must keep admin');
  await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Undo changes' }).click();
  await page.getByRole('checkbox', { name: 'Collaborator' }).uncheck();
  await page.getByRole('button', { name: 'Save…' }).click();
  await expect(dialog).toContainText(
    /Collaborator: \d+ API keys? of 1 user( and \d+ service accounts?)? stop working at once\./,
  );
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole('link', { name: 'Roles' }).click();
  await expect(page.getByRole('row', { name: /^May use API keys/ })).toContainText('YesYesNoNoNo');
  await world.call('PATCH', '/settings', { api_key_roles: ['admin', 'member', 'collaborator'] });
});

test('A10: an admin ends the session of somebody, who then has to log in again', async ({ as, besides }) => {
  const labeler = await besides('labeler', '/');
  await expect(labeler.getByRole('heading', { name: 'Home' })).toBeVisible();
  const page = await as('admin', '/security/sessions');
  await page.getByRole('searchbox', { name: 'Search sessions' }).fill('labeler');
  const rows = page.getByRole('table', { name: 'Sessions' }).locator('tbody tr');
  await expect(rows).toHaveCount(1);
  await rows.getByRole('button', { name: 'End this session of Demo labeler' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('has to log in again');
  await expectOpenToAll(page);
  await dialog.getByRole('button', { name: 'End session' }).click();
  await expect(page.getByText('Nobody of this name is logged in.')).toBeVisible();
  await labeler.reload();
  await expect(labeler).toHaveURL(/\/login/);
});

test('A10: an admin finds who changed what, before and after, and exports it', async ({ as, besides, world }) => {
  const evil = '<img src=x onerror="document.title=1">';
  const { id } = await world.call<{ id: string }>('POST', '/datasets', { name: evil, default_permission: 'edit' });
  await world.call('PATCH', `/datasets/${id}`, { default_permission: 'view' });
  const guest = await besides('guest', '/');
  await guest.request.get(`${world.url}/api/v1/users`); // is refused
  const page = await as('admin', '/security/audit');
  await page.getByRole('combobox', { name: 'What was done' }).fill('dataset.upd');
  await page.getByRole('option', { name: 'dataset.update' }).click();
  const list = page.getByRole('list', { name: 'Audit log' });
  const row = list.getByRole('button', { name: evil });
  await row.click();
  await expect(row).toHaveAttribute('aria-expanded', 'true');
  const changed = page.getByRole('table', { name: 'What changed' });
  await expect(changed.getByRole('row', { name: /Default permission/ })).toContainText('editview');
  await expectOpenToAll(page);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export' }).click();
  const lines = (await readFile(await (await download).path(), 'utf8')).trim().split('\n');
  expect(new Set(lines.map((l) => (JSON.parse(l) as { action: string }).action))).toEqual(new Set(['dataset.update']));
  await page.getByRole('button', { name: 'All about this target' }).click();
  await page.getByRole('combobox', { name: 'What was done' }).fill('');
  await expect(page).toHaveURL(new RegExp(`object=${id}`));
  await page.goto(`${world.url}/security/audit`);
  await page.getByText('Refused', { exact: true }).first().click();
  await page.getByRole('combobox', { name: 'Who did it' }).fill('guest');
  await page.getByRole('option', { name: 'Demo guest' }).click();
  await expect(list.getByRole('button').first()).toContainText(/Demo guest.*administer/);
  await page.getByLabel('To', { exact: true }).fill('2001-01-01');
  await expect(page.getByText('No entry fits these filters.')).toBeVisible();
});
