import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { answering, dream, installForms } from './forms.ts';
import { choose, expect, test, type World } from './world.ts';

interface Started {
  id: string;
  params: Record<string, unknown>;
  orchestrator: string;
}

test.describe.configure({ timeout: 90_000 });

test.beforeAll(async ({ world }) => installForms(world));

/** The run whose page is open, as the API has it. */
async function shown(page: Page, world: World): Promise<Started> {
  await page.waitForURL(/\/runs\/01/);
  return world.call<Started>('GET', `/runs/${/runs\/(01[0-9A-Z]+)/.exec(page.url())?.[1] ?? ''}`);
}

async function holdsUp(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`)).toEqual([]);
}

test('D1 D2 a member schedules a run by its form, on a dataset that he may edit', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const page = await as('member', `/d/${id}/schedule?operator=@tests/forms/wide`);
  await page.getByRole('combobox', { name: 'Model' }).click();
  await page.getByRole('option', { name: 'dino' }).click();
  await page.getByRole('textbox', { name: 'Batch size' }).fill('8');
  await page.getByRole('group', { name: 'Tags' }).getByRole('button', { name: 'Add' }).click();
  await page.getByRole('textbox', { name: 'Tags-1' }).fill('night');
  await page.getByRole('textbox', { name: 'Notes' }).fill('{"by": "form"}');
  await page.getByRole('textbox', { name: 'Name of the run' }).fill('by the form');
  await expect(page.getByRole('radio', { name: /builtin/ })).toBeChecked();
  await expect(page.getByText('It starts at once.')).toBeVisible();
  await holdsUp(page);
  await page.getByRole('button', { name: 'Schedule run' }).click();
  const run = await shown(page, world);
  expect(run.params).toEqual({ model: 'dino', batch: 8, normalise: true, tags: ['night'], notes: { by: 'form' } });
  await expect(page.getByRole('heading', { name: 'by the form' })).toBeVisible();
});

test('D2 what the server refuses is told at its field, and what was entered stays', async ({ as }) => {
  const page = await as('admin', '/schedule?operator=@tests/forms/wide&dataset=cats');
  await page.getByRole('textbox', { name: 'Batch size' }).fill('1000');
  await page.getByRole('button', { name: 'Schedule run' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The run was not scheduled' })).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Batch size' })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('textbox', { name: 'Batch size' })).toHaveValue('1000');
});

test('D2 P6 who may not run an operator is told why, and by the palette never offered it', async ({ as }) => {
  const page = await as('member', '/schedule?operator=@tests/forms/admins&dataset=cats');
  await expect(page.getByText('You may not run “Only for admins” here')).toBeVisible();
  await expect(page.getByText('Operator @tests/forms/admins needs the role admin').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Schedule run' })).toBeHidden();
  await page.keyboard.press('Control+k');
  await page.getByRole('textbox', { name: /Search for an operator/ }).fill('@tests/forms');
  await expect(page.getByRole('button', { name: /Compute embeddings/ })).toBeVisible();
  await expect(page.getByRole('button', { name: /Only for admins/ })).toBeHidden();
});

test('D1 D4 the whole way by the keyboard: palette, form, schedule, see it finish', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const page = await as('member', `/d/${id}/runs`);
  await expect(page.getByRole('heading', { name: 'Runs' })).toBeVisible();
  await page.keyboard.press('Control+k');
  const search = page.getByRole('textbox', { name: /Search for an operator/ });
  await expect(search).toBeFocused();
  await page.keyboard.type('dummy/sleep');
  await expect(page.getByRole('button', { name: /Sleep/ })).toBeVisible();
  await holdsUp(page);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/schedule\?dataset=.*sleep/);
  const seconds = page.getByRole('textbox', { name: 'Seconds' });
  await expect(seconds).toBeVisible();
  for (let i = 0; i < 40 && !(await seconds.evaluate((e) => e === document.activeElement)); i++) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Control+a');
  await page.keyboard.type('0.2');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/runs\/01/);
  await expect(page.getByText('Completed').first()).toBeVisible();
});

test('D1 a form that depends on what is entered is asked again, and nobody loses a letter', async ({ as, world }) => {
  const end = await answering(world, dream);
  const page = await as('admin', '/schedule?operator=@tests/forms/dream&dataset=cats');
  await expect(page.getByText('They take a while.')).toBeVisible();
  const name = page.getByRole('textbox', { name: 'Name', exact: true });
  await page.getByRole('radio', { name: 'Patches' }).click();
  await name.click();
  await name.pressSequentially('a long dream of cats', { delay: 60 });
  await expect(page.getByRole('textbox', { name: 'Label field' })).toBeVisible();
  await expect(name).toHaveValue('a long dream of cats');
  await expect(name).toBeFocused();
  await name.fill('bad');
  await name.press('Tab');
  await expect(page.getByText('Bad names bring bad dreams')).toBeVisible();
  await holdsUp(page);
  await end();
});

test('D1 a form that cannot be made gives way to JSON', async ({ as, world }) => {
  const end = await answering(world, () => ({
    failure: { message: "KeyError: 'clip'", stack: 'Traceback (most recent call last)\n<b>KeyError</b>' },
  }));
  const page = await as('admin', '/schedule?operator=@tests/forms/silent&dataset=cats');
  await expect(page.getByRole('alert', { name: 'The form could not be made' })).toBeVisible();
  await expect(page.getByText("KeyError: 'clip'")).toBeVisible();
  await page.getByRole('textbox', { name: 'Inputs' }).fill('{"name": 1');
  await expect(page.getByText('This is not JSON.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Inputs' }).fill('{"name": "by hand"}');
  await page.getByRole('button', { name: 'Schedule run' }).click();
  const run = await shown(page, world);
  expect(run.params).toEqual({ name: 'by hand' });
  await end();
});

test('D1 a form that nobody makes gives way to JSON after five seconds', async ({ as }) => {
  const page = await as('admin', '/schedule?operator=@tests/forms/silent&dataset=cats');
  await expect(page.getByRole('alert', { name: 'The form could not be made' })).toBeVisible({ timeout: 15_000 });
  await expect(page.getByRole('textbox', { name: 'Inputs' })).toBeVisible();
});

test('G1 R7 X6 a run is scheduled again with other inputs, and both say what changed', async ({ as, world }) => {
  const run = await world.schedule('@tests/forms/wide', { params: { model: 'clip', batch: 4 }, label: 'first try' });
  await world.until(run.id, 'completed', 'failed');
  const page = await as('admin', '/runs?q=first%20try');
  await choose(page, run, 'Re-run with changes…');
  await expect(page.getByRole('textbox', { name: 'Batch size' })).toHaveValue('4');
  await page.getByRole('textbox', { name: 'Batch size' }).fill('16');
  await expect(page.getByRole('table', { name: 'What changed' }).getByText('batch')).toBeVisible();
  await page.getByRole('button', { name: 'Re-run' }).click();
  const again = await shown(page, world);
  expect(again.params).toMatchObject({ model: 'clip', batch: 16 });
  await page.getByRole('tab', { name: 'Input' }).click();
  await expect(page.getByRole('textbox', { name: 'Batch size' })).toHaveValue('16');
  await expect(page.getByRole('textbox', { name: 'Batch size' })).not.toBeEditable();
  await expect(page.getByRole('table', { name: 'What changed' }).getByText('batch')).toBeVisible();
  await page.getByText('Raw').click();
  await expect(page.getByText('"batch": 16')).toBeVisible();
});

test('G2 a result is shown by its schema: marks, plots, tables, pictures', async ({ as, world }) => {
  const run = await world.schedule('@tests/forms/wide', { params: { model: 'clip', batch: 4 } });
  await world.until(run.id, 'completed', 'failed');
  const page = await as('admin', `/runs/${run.id}/output`);
  await expect(page.getByText('Done')).toBeVisible();
  await expect(page.getByRole('link', { name: 'the paper' })).toHaveAttribute('href', 'https://example.org/paper');
  await expect(page.getByText('or here.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'here', exact: true })).toBeHidden();
  await expect(page.locator('.main-svg').first()).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole('cell', { name: '0.75' })).toBeVisible();
  await expect(page.getByRole('img', { name: 'Picture' })).toBeVisible();
});
