import { pagesOf } from './pages.ts';
import { expect, test } from './world.ts';

test('at 360 px every page fits: nothing scrolls sideways but logs and tabs', async ({ as, world }) => {
  test.setTimeout(180_000);
  const pages = await pagesOf(world);
  const page = await as('admin', '/');
  await page.setViewportSize({ width: 360, height: 800 });
  for (const shown of pages) {
    await page.goto(world.url + shown.path);
    await expect(page.getByText(shown.ready).first()).toBeVisible();
    await expect(page.getByRole('button', { name: 'Account of Demo admin' })).toBeInViewport({ ratio: 1 });
    const wide = await page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll('main *')]
        .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
        .filter((e) => e === document.documentElement || /auto|scroll/.test(getComputedStyle(e).overflowX))
        .filter((e) => !e.matches('nav, [role=tablist], [aria-label=Log], [aria-label=Log] *, pre'))
        .map((e) => e.outerHTML.slice(0, 200)),
    );
    expect(wide, shown.name).toEqual([]);
  }
});

test('at 360 px a row of a table is a list, and what is in it can be pressed', async ({ as }) => {
  const page = await as('admin', '/plugins');
  await page.setViewportSize({ width: 360, height: 800 });
  const row = page.getByRole('row', { name: /@signalbox\/dummy/ });
  await expect(row.getByRole('switch')).toBeInViewport({ ratio: 1 });
  await expect(row.getByRole('button', { name: 'Actions for @signalbox/dummy' })).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole('columnheader', { name: 'Version' })).toBeVisible();
});
