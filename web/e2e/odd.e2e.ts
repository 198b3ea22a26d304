import { installForms } from './forms.ts';
import { expect, rowOf, test } from './world.ts';

test.beforeAll(async ({ world }) => installForms(world));

const names = ['قطط الحديقة', '公园里的猫和狗', '🐈‍⬛🐕🦊', 'a'.repeat(200)];

test('names in any script stand in lists, forms and on the pages of runs', async ({ as, world }) => {
  test.setTimeout(90_000);
  const page = await as('admin', '/runs');
  for (const name of names) {
    const dataset = await world.call<{ id: string }>('POST', '/datasets', { name });
    const run = await world.schedule('@tests/forms/report', {
      dataset: dataset.id,
      label: name,
      params: { [name]: name },
    });
    await world.until(run.id, 'completed', 'failed');
    for (const path of [`/d/${dataset.id}/runs`, `/runs/${run.id}/input`, `/d/${dataset.id}/access`]) {
      await page.goto(world.url + path);
      await expect(page.getByRole('main').getByText(name).first()).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    }
  }
});

test('500 datasets: the list stays quick, and the one that is sought is found', async ({ as, world }) => {
  test.setTimeout(120_000);
  for (let i = 0; i < 500; i++) await world.call('POST', '/datasets', { name: `album ${i}` });
  const page = await as('admin', '/runs');
  const field = page.getByRole('combobox', { name: 'Dataset' });
  await field.click();
  await field.fill('album 4999');
  await expect(page.getByText('No such dataset')).toBeVisible();
  await expect(page.getByRole('option')).toHaveCount(0);
  await field.fill('album 499');
  await page.getByRole('option', { name: 'album 499' }).click();
  await expect(page).toHaveURL(/\/d\/01/);
});

test('a plugin with 300 operators, and params of almost 1 MB', async ({ as, world }) => {
  test.setTimeout(120_000);
  const operators = Array.from({ length: 300 }, (_, i) => `one${i}`);
  const command = ['python3', 'x.py'];
  const about = Object.fromEntries(operators.map((o) => [o, { label: `Many ${o}`, command }]));
  const manifest = { name: '@many/operators', version: '1', operators, signalbox: { operators: about } };
  await world.install({ 'fiftyone.yml': JSON.stringify(manifest), 'x.py': 'pass' });
  const { id } = await world.call<{ id: string }>('GET', `/plugins/${encodeURIComponent('@many/operators')}`);
  const page = await as('admin', `/plugins/${id}`);
  await expect(page.getByRole('row', { name: /Many one299/ })).toBeVisible();
  await page
    .getByRole('row', { name: /Many one0 / })
    .getByRole('combobox', { name: /Minimum role/ })
    .selectOption('admin');
  await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  const large = { list: Array.from({ length: 40_000 }, (_, i) => `value ${i}`), text: 'b'.repeat(200_000) };
  const run = await world.schedule('@tests/forms/report', { params: large });
  await world.until(run.id, 'completed', 'failed');
  await page.goto(`${world.url}/runs/${run.id}/input`);
  await expect(page.getByText('value 99', { exact: true })).toBeVisible();
  await page.getByText('Raw', { exact: true }).click();
  await expect(page.locator('pre')).toContainText('"value 39999"');
  await page.goto(`${world.url}/schedule?rerun=${run.id}`);
  await expect(page.getByRole('button', { name: 'Re-run' })).toBeVisible();
});

test.describe('elsewhere', () => {
  test.use({ timezoneId: 'Asia/Kolkata', locale: 'de-DE' });

  test('times are those of who looks, and in UTC on hover', async ({ as, world }) => {
    const run = await world.schedule('ok');
    await world.until(run.id, 'completed');
    const page = await as('admin', '/runs');
    const { scheduled_at } = await world.call<{ scheduled_at: string }>('GET', `/runs/${run.id}`);
    const here = new Date(scheduled_at).toLocaleTimeString('de-DE', { timeZone: 'Asia/Kolkata' });
    const time = rowOf(page, run).locator('time');
    await time.hover();
    await expect(time).toHaveAttribute('title', new RegExp(`${here}\n.*${scheduled_at.slice(11, 19)} UTC$`));
    await expect(time).toHaveText(/^(jetzt|vor )/);
  });
});

test('a run that much happened to tells all of it', async ({ as, world }) => {
  test.setTimeout(90_000);
  const run = await world.schedule('ok');
  await world.until(run.id, 'completed');
  for (let i = 0; i < 120; i++) await world.call('PATCH', `/runs/${run.id}`, { label: `name ${i}` });
  const page = await as('admin', `/runs/${run.id}/events`);
  const events = page.getByRole('table', { name: 'Events' });
  await expect(events.getByRole('row')).toHaveCount(101);
  await expect(events.getByText('name 119')).toBeHidden();
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(events.getByText('name 119')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show more' })).toBeHidden();
});
