import { expect, test } from './world.ts';

test('an admin adds an Airflow, probes it, makes and ends a key, and removes it', async ({ as, world }) => {
  const page = await as('admin', '/orchestrators');
  await page.getByRole('button', { name: 'Add orchestrator' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: /^Name/ }).fill('nowhere');
  await dialog.getByLabel('Address').fill('http://127.0.0.1:9');
  await dialog.getByLabel('User name').fill('signalbox');
  await dialog.getByRole('textbox', { name: 'Password' }).fill('never shown');
  await dialog.getByRole('button', { name: 'Add route' }).click();
  await dialog.getByLabel('Operators').fill('@acme/*');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByText(/^name the DAG/)).toBeVisible();
  await dialog.getByLabel('DAG').fill('acme_operators');
  await dialog.getByRole('button', { name: 'More settings' }).click();
  await dialog.getByLabel('Must start within').fill('2h');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('link', { name: 'nowhere' }).click();
  await page.getByRole('button', { name: 'Probe' }).click();
  await expect(page.getByLabel('Wrong').first()).toBeVisible();
  await page.getByLabel('Name of a new key').fill('tasks');
  await page.getByRole('button', { name: 'Make key' }).click();
  await expect(page.getByText('it is not shown again')).toBeVisible();
  await page.getByRole('button', { name: 'End the key tasks' }).click();
  await dialog.getByRole('button', { name: 'End key' }).click();
  await expect(page.getByRole('button', { name: 'End the key tasks' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Change…' }).click();
  await expect(dialog.getByRole('textbox', { name: 'Password' })).toHaveValue('');
  await dialog.getByLabel('Quota').fill('3');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('at most 3 runs at once')).toBeVisible();
  const kept = await world.call<{ secret_names: string[]; routes: unknown }>('GET', '/orchestrators/nowhere');
  expect(kept.secret_names).toEqual(['password']);
  expect(kept.routes).toEqual([
    { operators: ['@acme/*'], target: { dag_id: 'acme_operators' }, start_within: '2h0m0s' },
  ]);
  await page.getByRole('button', { name: 'Remove…' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('link', { name: 'nowhere' })).toHaveCount(0);
});

test('G: an admin sees the workers of the builtin orchestrator and their places', async ({ as, world }) => {
  const builtin = await world.call<{ id: string }>('GET', '/orchestrators/builtin');
  const page = await as('admin', `/orchestrators/${builtin.id}`);
  await expect(page.getByText(/^\d+ of \d+ places taken$/)).toBeVisible();
  await expect(
    page.getByRole('table', { name: 'Workers' }).getByText('default', { exact: true }).first(),
  ).toBeVisible();
});
