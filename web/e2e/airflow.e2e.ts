import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beginAirflow } from './airflow.ts';
import { expect, test } from './world.ts';

test.describe.configure({ timeout: 60_000 });

interface Placed {
  id: string;
  status: string;
  work: { ref: string };
}

test('L6: the log of a task in Airflow is read from where it says that it lies', async ({ as, besides, world }) => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-logs-'));
  const airflow = await beginAirflow(world, 'logs elsewhere', { log_roots: [`file://${folder}`], logs: 'reference' });
  const run = await world.schedule('hang', { orchestrator: 'logs elsewhere', label: 'in Airflow' });
  await world.until(run.id, 'running');
  const { work } = await world.call<Placed>('GET', `/runs/${run.id}`);
  const file = join(folder, work.ref, 'attempt=1.log');
  const task = await airflow.task(run);
  await task('start', {});
  await task('log-path', { uri: `file://${file}` });
  await mkdir(join(folder, work.ref));
  await writeFile(file, '2026-05-01T10:00:00Z stdout F hello\n2026-05-01T10:00:01Z stderr F ERROR:root:oh <b>no</b>\n');
  airflow.say('finish');
  await world.until(run.id, 'completed');

  const page = await as('member', `/runs/${run.id}/logs`);
  const lines = page.getByRole('table', { name: 'Log' }).getByRole('row');
  await expect(lines.filter({ hasText: 'hello' })).toContainText('INFO');
  await expect(lines.filter({ hasText: 'oh <b>no</b>' })).toContainText('ERROR');
  await expect(page.getByRole('link', { name: 'logs elsewhere' })).toHaveAttribute(
    'href',
    new RegExp(`^${airflow.url}/dags/`),
  );
  const guest = await besides('guest', `/runs/${run.id}/logs`);
  await expect(guest.getByText('There is nothing here')).toBeVisible();
  expect((await guest.request.get(`${world.url}/api/v1/runs/${run.id}/logs`)).status()).toBe(404);
  await airflow.end();
  await world.call('DELETE', `/orchestrators/${airflow.id}`);
  await rm(folder, { recursive: true });
});

test('X5 X8: an admin sees where Airflow differs, and releases the slot of what nobody can ask any more', async ({
  as,
  world,
}) => {
  const airflow = await beginAirflow(world, 'adrift');
  const run = await world.schedule('hang', { orchestrator: 'adrift', label: 'cut off' });
  await world.until(run.id, 'running');
  await world.call('POST', `/runs/${run.id}/fail`);
  const page = await as('admin', `/orchestrators/${airflow.id}`);
  await expect(page.getByText(/version 3\.3\.1/)).toBeVisible();
  await expect(page.getByText(`${run.id}: `)).toContainText('active there');
  await expect(page.getByText(/^cut off failed, by admin, last sign of life /)).toBeVisible();
  await airflow.end();
  await page.getByRole('button', { name: 'Look now' }).click();
  await expect(page.getByText('adrift is looked at now.')).toBeVisible();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/looks failed since/)).toBeVisible({ timeout: 1000 });
  }).toPass();
  await page.getByRole('link', { name: 'cut off' }).click();
  await page.getByRole('button', { name: /^Actions/ }).click();
  await page.getByRole('menuitem', { name: 'Release its slot…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Another run may take its slot at once.');
  await dialog.getByRole('button', { name: 'Release slot' }).click();
  await expect(page.getByText('The slot of “cut off” is free.')).toBeVisible();
  await page.goBack();
  await expect(page.getByText('No run holds a slot there.')).toBeVisible();
  await world.call('DELETE', `/orchestrators/${airflow.id}`);
});
