import type { Page } from '@playwright/test';
import { expect, type World } from './world.ts';

/** Counts whatever a page asks of others. */
export function watch(page: Page, world: World): string[] {
  const outside: string[] = [];
  const own = (url: string) => url.startsWith(world.url) || url.startsWith('data:') || url.startsWith('blob:');
  page.on('request', (r) => own(r.url()) || outside.push(r.url()));
  page.on('dialog', (d) => outside.push(d.message()));
  return outside;
}

/** Nothing ran, and nothing stands there that could be made to run. */
export async function expectText(page: Page, where: string) {
  await expect(page, where).toHaveTitle(/Signalbox$/);
  await expect(page, where).not.toHaveTitle(/^taken|^1/);
  const wrong = page.locator('[onerror], [onload], a[href^="javascript" i], img[src="x"], body script, iframe, object');
  expect(await wrong.evaluateAll((all) => all.map((e) => e.outerHTML)), where).toEqual([]);
}
