import { expectOpenToAll } from './axe.ts';
import { choose, expect, rowOf, type Run, test } from './world.ts';

test('R7 a run is run again from its row', async ({ as, world }) => {
  const run = await world.schedule('ok', { label: 'again and again' });
  const page = await as('admin', '/runs?q=again');
  await page
    .locator(`[data-run="${run.id}"]`)
    .getByRole('button', { name: /^Actions/ })
    .click();
  await page.getByRole('menuitem', { name: 'Re-run', exact: true }).click();
  await expect(page.getByText('is scheduled again')).toBeVisible();
  await page.mouse.move(0, 0);
  await expect(page.locator('[data-run]')).toHaveCount(2);
  await page.getByRole('link', { name: 'Open it' }).click();
  await expect(page.getByText('Re-run of')).toBeVisible();
});

test('R8 R9 a run is pinned by key and renamed in place', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const run = await world.schedule('ok', { label: 'to be pinned' });
  await world.until(run.id, 'completed');
  const page = await as('admin', `/d/${id}/runs?q=pinned`);
  const row = page.locator(`[data-run="${run.id}"]`);
  await row.getByRole('link').focus();
  await page.keyboard.press('p');
  await expect(page.getByRole('complementary', { name: 'Pinned runs' })).toContainText('to be pinned');
  await row.getByRole('link').focus();
  await page.keyboard.press('e');
  await page.getByLabel('Name of the run').fill('was pinned');
  await page.keyboard.press('Enter');
  await expect(row).toContainText('was pinned');
});

test('R8 the menu of a row says how the run is now: pinned there, it is unpinned there', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const run = await world.schedule('ok', { label: 'in and out' });
  await world.until(run.id, 'completed');
  const page = await as('admin', `/d/${id}/runs?q=in%20and%20out`);
  await choose(page, run, 'Pin');
  await expect(rowOf(page, run).getByLabel('Pinned')).toBeVisible();
  await choose(page, run, 'Unpin');
  await expect(rowOf(page, run).getByLabel('Pinned')).toBeHidden();
});

test('the menu of a row opens at its row', async ({ as, world }) => {
  for (let i = 0; i < 4; i++) await world.schedule('ok', { label: `row ${i}` });
  const page = await as('admin', '/runs');
  for (const n of [3, 1]) {
    const button = page.getByRole('button', { name: /^Actions/ }).nth(n);
    await button.click();
    await expect
      .poll(async () => {
        const [at, menu] = [await button.boundingBox(), await page.getByRole('menu').boundingBox()];
        return at && menu && Math.round(menu.y - at.y - at.height);
      })
      .toBe(8);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toBeHidden();
  }
});

test('nothing keeps people out of a menu, nor of what it leaves behind', async ({ as, world }) => {
  const run = await world.schedule('ok', { label: 'with a menu' });
  const page = await as('admin', '/runs');
  for (const button of [
    rowOf(page, run).getByRole('button', { name: /^Actions/ }),
    page.getByRole('button', { name: 'Status' }),
    page.getByRole('button', { name: /^Sort/ }),
    page.getByRole('button', { name: /^Account/ }),
  ]) {
    await button.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menu').locator(':focus')).toBeVisible();
    await expectOpenToAll(page);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toBeHidden();
    await expect(button).toBeFocused();
  }
  await expectOpenToAll(page);
});

test('R10 X3 a run is marked as failed after a warning, and stopped', async ({ as, world }) => {
  const run = await world.schedule('hang', { label: 'hangs' });
  await world.until(run.id, 'running');
  const page = await as('admin', `/runs/${run.id}/input`);
  await page.getByRole('button', { name: /^Actions/ }).click();
  await page.getByRole('menuitem', { name: 'Mark as failed…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('goes on and holds its slot');
  await dialog.getByRole('button', { name: 'Mark as failed' }).click();
  await expect(page.getByText('The run is over, its work is not')).toBeVisible();
  await page.getByRole('button', { name: 'Stop the work' }).click();
  await expect(page.getByText('The run is over, its work is not')).toBeHidden();
});

test('R8 five pinned runs show, and more when one asks; one is unpinned there', async ({ as, world }) => {
  const dataset = await world.call<{ id: string }>('POST', '/datasets', { name: 'dogs' });
  const runs: Run[] = [];
  for (let i = 0; i < 6; i++) runs.push(await world.schedule('ok', { label: `keep ${i}`, dataset: 'dogs' }));
  for (const run of runs) await world.call('PATCH', `/runs/${run.id}`, { pinned: true });
  const page = await as('admin', `/d/${dataset.id}/runs`);
  const pinned = page.getByRole('complementary', { name: 'Pinned runs' });
  await expect(pinned.getByRole('link')).toHaveCount(5);
  await pinned.getByRole('button', { name: 'Show 1 more' }).click();
  await expect(pinned.getByRole('link')).toHaveCount(6);
  await pinned.getByRole('button', { name: 'Unpin keep 0' }).click();
  await expect(pinned.getByRole('link')).toHaveCount(5);
});

test('R9 a run is renamed from its menu, and its name is text whatever it holds', async ({ as, world }) => {
  const run = await world.schedule('ok', { label: 'plain' });
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  await world.until(run.id, 'completed');
  const page = await as('admin', `/d/${id}/runs`);
  await choose(page, run, 'Rename');
  const field = page.getByRole('textbox', { name: 'Name of the run' });
  await expect(field).toBeFocused();
  const evil = '<img src=x onerror="document.title=1"><b>bold</b>';
  await field.fill(evil);
  await page.keyboard.press('Enter');
  await expect(rowOf(page, run)).toContainText(evil);
  await rowOf(page, run).getByRole('link').click();
  await expect(page.getByRole('heading', { name: evil })).toBeVisible();
});

test('several runs are stopped at once', async ({ as, world }) => {
  const runs = [await world.schedule('hang', { label: 'pair a' }), await world.schedule('hang', { label: 'pair b' })];
  const page = await as('admin', '/runs?q=pair');
  for (const run of runs) await rowOf(page, run).getByRole('checkbox').check();
  const bar = page.getByRole('toolbar', { name: 'Selected runs' });
  await expect(bar).toContainText('2 runs selected');
  await bar.getByRole('button', { name: 'Stop…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }).click();
  for (const run of runs) await expect(rowOf(page, run)).toContainText('Failed', { timeout: 20_000 });
});

test('the list is gone through with the keyboard alone', async ({ as, world }) => {
  const run = await world.schedule('ok', { label: 'by keys' });
  await world.until(run.id, 'completed');
  const page = await as('admin', '/runs?q=by%20keys');
  await expect(rowOf(page, run)).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await expect(page.getByRole('toolbar', { name: 'Selected runs' })).toContainText('1 run selected');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'by keys' })).toBeVisible();
});

test('beside the pinned runs there is room for a name', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const run = await world.schedule('ok', { label: 'a name of thirty-odd characters' });
  await world.until(run.id, 'completed');
  const page = await as('admin', `/d/${id}/runs`);
  await page.setViewportSize({ width: 1280, height: 800 });
  const name = rowOf(page, run).getByText('“a name of thirty-odd characters”');
  await expect.poll(() => name.evaluate((e) => e.scrollWidth <= e.clientWidth)).toBe(true);
});
