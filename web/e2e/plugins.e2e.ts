import type { Page } from '@playwright/test';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expectOpenToAll } from './axe.ts';
import { meeting } from './forms.ts';
import { expect, test, type World } from './world.ts';

/** Makes the ZIP of a plugin that has these operators. */
async function zipOf(name: string, version: string, operators: string[]): Promise<{ name: string; buffer: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-plugin-'));
  const lines = [`name: '${name}'`, `version: '${version}'`, 'operators:', ...operators.map((o) => `  - ${o}`)];
  await writeFile(join(folder, 'fiftyone.yml'), lines.join('\n'));
  await promisify(execFile)('python3', ['-m', 'zipfile', '-c', 'p.zip', 'fiftyone.yml'], { cwd: folder });
  const buffer = await readFile(join(folder, 'p.zip'));
  await rm(folder, { recursive: true, force: true });
  return { name: 'p.zip', buffer };
}

async function choose(page: Page, zip: { name: string; buffer: Buffer }) {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Install plugin' }).click();
  await (await chooser).setFiles({ ...zip, mimeType: 'application/zip' });
}

async function drop(page: Page, zip: { name: string; buffer: Buffer }) {
  const data = await page.evaluateHandle(
    ({ name, bytes }) => {
      const carried = new DataTransfer();
      carried.items.add(new File([Uint8Array.from(bytes)], name, { type: 'application/zip' }));
      return carried;
    },
    { name: zip.name, bytes: [...zip.buffer] },
  );
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: data });
  const zone = page.getByText('Drop the ZIP of a plugin');
  await expect(zone).toBeVisible();
  await zone.dispatchEvent('drop', { dataTransfer: data });
}

/** Installs a plugin as the first admin does on the page, and tells its address. */
async function installed(page: Page, world: World, name: string, operators: string[]): Promise<string> {
  await choose(page, await zipOf(name, '1.0.0', operators));
  await page.getByRole('dialog').getByRole('button', { name: 'Install' }).click();
  await expect(page.getByRole('link', { name })).toBeVisible();
  const { id } = await world.call<{ id: string }>('GET', `/plugins/${encodeURIComponent(name)}`);
  return `/plugins/${id}`;
}

test('P1: an admin sees the plugins with their operators', async ({ as }) => {
  const page = await as('admin', '/plugins');
  const row = page.getByRole('row', { name: /@signalbox\/dummy/ });
  await expect(row.getByRole('switch', { name: '@signalbox/dummy is enabled' })).toBeChecked();
  await row.getByRole('link', { name: '@signalbox/dummy' }).click();
  await expect(page.getByText('@signalbox/dummy/ok', { exact: true })).toBeVisible();
});

test('P2, X10: a ZIP that is chosen is shown before it is installed', async ({ as, world }) => {
  const page = await as('admin', '/plugins');
  await choose(page, await zipOf('@acme/chosen', '1.0.0', ['hello']));
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Install “@acme/chosen”?');
  await expect(dialog).toContainText('hello');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('link', { name: '@acme/chosen' })).toHaveCount(0);
  await installed(page, world, '@acme/chosen', ['hello']);
  await expect(page.getByText('@acme/chosen 1.0.0 is installed.')).toBeVisible();
});

test('P2: what is no plugin is refused with the reason', async ({ as }) => {
  const page = await as('admin', '/plugins');
  await choose(page, { name: 'p.zip', buffer: Buffer.from('no archive') });
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('no plugin that could be installed');
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Install' })).toHaveCount(0);
});

test('P3, X10: an upgrade is dropped, tells what comes and goes, and can be rolled back', async ({ as, world }) => {
  const page = await as('admin', '/plugins');
  const path = await installed(page, world, '@acme/dropped', ['hello', 'old']);
  await drop(page, await zipOf('@acme/dropped', '2.0.0', ['hello', 'fresh']));
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Upgrade “@acme/dropped”?');
  await expect(dialog).toContainText(/Operators that come.*fresh.*Operators that go.*old/s);
  await dialog.getByRole('button', { name: 'Upgrade' }).click();
  await page.goto(world.url + path);
  const versions = page.getByRole('table', { name: 'Versions' });
  await expect(versions.getByRole('row', { name: /2\.0\.0/ })).toContainText('Current');
  await versions
    .getByRole('row', { name: /1\.0\.0/ })
    .getByRole('button', { name: 'Use this' })
    .click();
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await expect(versions.getByRole('row', { name: /1\.0\.0/ })).toContainText('Current');
  await expect(page.getByText('@acme/dropped/old', { exact: true })).toBeVisible();
});

test('P4: a plugin is uninstalled after a question that names it', async ({ as, world }) => {
  const page = await as('admin', '/plugins');
  await installed(page, world, '@acme/gone', ['hello']);
  await page.getByRole('button', { name: 'Actions for @acme/gone' }).click();
  await page.getByRole('menuitem', { name: 'Uninstall…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Uninstall “@acme/gone”?');
  await expect(dialog).toContainText('No run waits for it.');
  await dialog.getByRole('button', { name: 'Uninstall' }).click();
  await expect(page.getByRole('link', { name: '@acme/gone' })).toHaveCount(0);
});

test('P5: a plugin, and one operator, are disabled and enabled again', async ({ as, world }) => {
  const page = await as('admin', '/plugins');
  const path = await installed(page, world, '@acme/switched', ['hello']);
  await page.goto(world.url + path);
  const dialog = page.getByRole('dialog');
  for (const [name, verb] of [
    ['@acme/switched is enabled', 'Disable'],
    ['hello is enabled', 'Disable'],
  ] as const) {
    const toggle = page.getByRole('switch', { name });
    await expect(toggle).toBeChecked();
    await toggle.click({ force: true });
    await dialog.getByRole('button', { name: verb }).click();
    await expect(dialog).toBeHidden(); // else the next click meets what darkens the page
    await expect(toggle).not.toBeChecked();
  }
  await page.getByRole('switch', { name: '@acme/switched is enabled' }).click({ force: true });
  await expect(page.getByRole('switch', { name: '@acme/switched is enabled' })).toBeChecked();
});

test('P1: an admin reads what FiftyOne could not load, and why, while he looks', async ({ as, world }) => {
  const page = await as('admin', '/plugins');
  const path = await installed(page, world, '@acme/lacking', ['hello', 'sings']);
  await page.goto(world.url + path);
  await expect(page.getByText('No FiftyOne has loaded this version yet.')).toBeVisible();
  const why = "ModuleNotFoundError: No module named 'songs'. Install what has the module songs in the environment.";
  const end = await meeting(world, '@acme/lacking', {
    fiftyone: '1.22.1',
    python: '3.11.7',
    unmet: '',
    operators: [{ name: 'hello' }],
    errors: ["Traceback (most recent call last):\n  <b>import songs</b>\nModuleNotFoundError: No module named 'songs'"],
  });
  const met = page.getByRole('region', { name: 'In FiftyOne' });
  await expect(met).toContainText(
    '1 declared, but not loadable · FiftyOne 1.22.1, Python 3.11.7 on builtin, worker tests/resolver',
  );
  await expect(met.getByRole('listitem')).toHaveText(`sings: ${why}`);
  await met.getByText('What went wrong').click();
  await expect(met.getByText('<b>import songs</b>')).toBeVisible();
  await expect(page.getByRole('row', { name: /@acme.lacking.sings/ })).toContainText(
    `Declared, but not loadable: ${why}`,
  );
  await expect(page.getByRole('row', { name: /@acme.lacking.hello/ })).not.toContainText('not loadable');
  end();
  await expectOpenToAll(page);
  await page.goto(`${world.url}/plugins`);
  await expect(page.getByRole('row', { name: /@acme.lacking/ })).toContainText('1 not loadable');
});

test('P6: the least role is changed, once the effect was shown', async ({ as, world }) => {
  const page = await as('admin', '/plugins');
  const path = await installed(page, world, '@acme/least', ['hello']);
  await page.goto(world.url + path);
  const least = page.getByRole('combobox', { name: 'Minimum role of hello' });
  await expect(least).toHaveValue('member');
  await least.selectOption('Admin');
  await expect(page.getByRole('dialog')).toContainText(/loses? (it|access)|nobody gains or loses/i);
  await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  await expect(least).toHaveValue('admin');
  const kept = await world.call<{ operators: { minimum_role: string }[] }>('GET', path);
  expect(kept.operators[0]?.minimum_role).toBe('admin');
});
