import AxeBuilder from '@axe-core/playwright';
import { pagesOf } from './pages.ts';
import { expect, test } from './world.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`nothing keeps people out, in ${colorScheme}`, async ({ as, world }) => {
    test.setTimeout(180_000);
    const pages = await pagesOf(world);
    const page = await as('admin', '/');
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const shown of pages) {
      await page.goto(world.url + shown.path);
      await expect(page.getByText(shown.ready).first()).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`);
      expect.soft(found, shown.name).toEqual([]);
    }
  });
}
