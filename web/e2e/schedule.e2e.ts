import { expect, test } from './world.ts';

test('D1 D2 a member schedules a run by its form, on a dataset that he may edit', async ({ as, world }) => {
  const { id } = await world.call<{ id: string }>('GET', '/datasets/cats');
  const page = await as('member', `/d/${id}/schedule?operator=@signalbox/dummy/sleep`);
  await page.getByRole('textbox', { name: 'Seconds' }).fill('0.1');
  await page.getByRole('textbox', { name: 'Result' }).fill('{"cats": 3}');
  await page.getByRole('textbox', { name: 'Name of the run' }).fill('by the form');
  await page.getByRole('button', { name: 'Schedule run' }).click();
  await page.waitForURL(/\/runs\/01/);
  await expect(page.getByRole('heading', { name: 'by the form' })).toBeVisible();
  await page.getByRole('tab', { name: 'Output' }).click();
  await expect(page.getByRole('definition').filter({ hasText: '3' }).last()).toBeVisible();
});
