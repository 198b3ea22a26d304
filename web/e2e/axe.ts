import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './world.ts';

/** Demands that nothing keeps people out of what shows, in light and in dark. */
export async function expectOpenToAll(page: Page) {
  test.slow(); // on a busy machine it takes its time
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`);
    expect.soft(found, colorScheme).toEqual([]);
  }
  await expectToFit(page);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/** Demands that nothing of a dialog that is open scrolls sideways at 360 px but what is meant to. */
async function expectToFit(page: Page) {
  if ((await page.getByRole('dialog').count()) === 0) return;
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 800 });
  const wide = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('[role=dialog], [role=dialog] *')]
        .filter((e) => e.clientWidth > 0 && !e.matches('nav, [role=tablist], pre'))
        .filter((e) => e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX))
        .map((e) => e.outerHTML.slice(0, 200)),
    );
  await expect.poll(wide, 'at 360 px').toEqual([]);
  if (before) await page.setViewportSize(before);
}
