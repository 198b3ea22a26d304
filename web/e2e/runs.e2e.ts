import { expect, test } from './world.ts';

test('R: runs show as they come, with their status, and fail with the first line of the error', async ({
  as,
  world,
}) => {
  const page = await as('admin', '/runs');
  const ok = await world.schedule('ok', { label: 'night shift' });
  const row = page.locator(`[data-run="${ok.id}"]`);
  await expect(row).toContainText('Complete at once');
  await expect(row).toContainText('night shift');
  await expect(row).toContainText('Completed');
  const bad = await world.schedule('fail', { params: { message: 'no such label\nand more' } });
  await expect(page.locator(`[data-run="${bad.id}"]`)).toContainText('no such label');
});
