import { pagesOf } from './pages.ts';
import { test, expect } from './world.ts';

const looks = [
  { name: 'light', colorScheme: 'light', width: 1280 },
  { name: 'dark', colorScheme: 'dark', width: 1280 },
  { name: 'narrow', colorScheme: 'light', width: 360 },
  { name: 'wide', colorScheme: 'dark', width: 2560 },
] as const;

test('pictures of every page', async ({ as, world }) => {
  test.setTimeout(600_000);
  const pages = await pagesOf(world);
  const page = await as('admin', '/');
  for (const label of ['Day shift', 'Night shift']) {
    const own = { operator: '@tests/forms/wide', params: { model: 'clip', batch: 4 }, label, dataset: 'cats' };
    await page.request.post(`${world.url}/api/v1/runs`, { data: own, headers: { Origin: world.url } });
  }
  for (const look of looks) {
    await page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width: look.width, height: 800 });
    for (const shown of pages) {
      await page.goto(world.url + shown.path);
      await expect(page.getByText(shown.ready).first()).toBeVisible();
      if (shown.drawn) await expect(page.locator(shown.drawn).first()).toBeVisible();
      await page.waitForLoadState('load');
      await page.screenshot({ path: `screenshots/${shown.name}.${look.name}.png` });
    }
  }
});
