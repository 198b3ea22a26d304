import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** Demands that nothing on the page as it stands, with its open dialog, keeps people out. */
export async function checked(page: Page, what = 'the page as it stands') {
  // Where a dialog fades in, its colours are not yet its own.
  await page.evaluate(() => {
    const ends = document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity);
    return Promise.all(ends.map((a) => a.finished.catch(() => undefined)));
  });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`);
  expect.soft(found, what).toEqual([]);
}
