import type { Locator, Page } from '@playwright/test';
import { expect, test } from './world.ts';

/** Goes on with Tab until the focus is there. */
async function tabTo(page: Page, there: Locator, key = 'Tab') {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press(key);
    if (await there.evaluate((e) => e === document.activeElement).catch(() => false)) return expectFocusSeen(page);
  }
  throw new Error(`${key} never came there`);
}

/** The focus is somewhere, and can be seen. */
async function expectFocusSeen(page: Page) {
  const seen = await page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return 'the focus is lost';
    const { outlineStyle, boxShadow, borderColor } = getComputedStyle(at);
    return outlineStyle !== 'none' || boxShadow !== 'none' || (at.matches('input, textarea') && borderColor)
      ? ''
      : `no focus to see: ${at.outerHTML.slice(0, 200)}`;
  });
  expect(seen).toBe('');
}

test('a whole visit by the keyboard: log in by a deep link, look at a run, its log, and run it again', async ({
  page,
  world,
}) => {
  test.setTimeout(90_000);
  const run = await world.schedule('log', { label: 'by the keys', params: { lines: 3, message: 'measuring' } });
  await world.until(run.id, 'completed');
  await page.goto(`${world.url}/runs?status=completed&q=by%20the%20keys`);
  await tabTo(page, page.getByRole('button', { name: 'Continue as admin' }));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${world.url}/runs?status=completed&q=by%20the%20keys`);
  const link = page.locator(`[data-run="${run.id}"]`).getByRole('link');
  await expect(link).toBeVisible();
  await page.keyboard.press('j');
  await expect(link).toBeFocused();
  await expectFocusSeen(page);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'by the keys' })).toBeVisible();
  await tabTo(page, page.getByRole('tab', { name: 'Output' }));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('table', { name: 'Log' })).toContainText('measuring');
  const menu = page.getByRole('button', { name: /^Actions/ });
  await tabTo(page, menu, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(menu).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Re-run with changes…' }).focus();
  await page.keyboard.press('Enter');
  const name = page.getByRole('textbox', { name: /Message/i });
  await expect(name).toBeVisible();
  await tabTo(page, name);
  await page.keyboard.press('Control+a');
  await page.keyboard.type('weighing');
  await page.keyboard.press('Enter');
  await page.waitForURL((to) => to.pathname.includes('/runs/01') && !to.pathname.includes(run.id));
});

test('Escape closes what is on top, and the focus goes back to where it was', async ({ as, world }) => {
  const run = await world.schedule('hang', { label: 'to be stopped' });
  await world.until(run.id, 'running');
  const page = await as('admin', `/runs/${run.id}/input`);
  const stop = page.getByRole('button', { name: 'Stop…' });
  await tabTo(page, stop);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /Stop/ });
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Control+k');
  const search = page.getByRole('textbox', { name: /Search for an operator/ });
  await expect(search).toBeHidden();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(stop).toBeFocused();
  await page.keyboard.press('Control+k');
  await expect(search).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(search).toBeHidden();
  await expect(stop).toBeFocused();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(stop).toBeFocused();
});

test('after a question about an operator the focus is back at its switch', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', `/plugins/${encodeURIComponent('@signalbox/dummy')}`);
  const page = await as('admin', `/plugins/${id}`);
  const on = page.getByRole('switch', { name: 'Sleep is enabled' });
  await on.focus();
  for (const verb of ['Disable', 'Enable']) {
    await page.keyboard.press('Space');
    const button = page.getByRole('dialog').getByRole('button', { name: verb });
    await tabTo(page, button);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(on).toBeChecked({ checked: verb === 'Enable' });
    await expect(on).toBeFocused();
  }
});
