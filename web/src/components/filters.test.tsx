import { MantineProvider } from '@mantine/core';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { SomeMenu, SortMenu } from '@/components/filters.tsx';

const of = { one: 'Status', many: 'statuses', all: 'All statuses' };
const known = ['failed', 'completed', 'running'];
const word = (value: string) => value;

function menu(chosen: string[], onChange: (to: string[] | undefined) => void) {
  return (
    <MantineProvider>
      <main id="main">
        <SomeMenu of={of} known={known} word={word} chosen={chosen} onChange={onChange} />
      </main>
    </MantineProvider>
  );
}

it('builds a second choice on the first, before the address says so', async () => {
  const told: (string[] | undefined)[] = [];
  const none: string[] = [];
  const page = render(menu(none, (to) => told.push(to)));
  await userEvent.click(screen.getByRole('button', { name: 'Status' }));
  await userEvent.click(await screen.findByRole('menuitemcheckbox', { name: 'failed', hidden: true }));
  await userEvent.click(screen.getByRole('menuitemcheckbox', { name: 'running', hidden: true }));
  expect(told).toEqual([['failed'], ['failed', 'running']]);

  page.rerender(menu(['failed', 'running'], () => undefined));
  page.rerender(menu(none, () => undefined)); // as by going back
  expect(screen.getByRole('button', { name: 'Status', hidden: true })).toBeTruthy();
});

it('closes when an order is chosen', async () => {
  const told: (string | undefined)[] = [];
  render(
    <MantineProvider>
      <main id="main">
        <SortMenu<'a' | 'b'>
          words={{ a: 'First', b: 'Last' }}
          chosen={undefined}
          standard="a"
          onChange={(to) => told.push(to)}
        />
      </main>
    </MantineProvider>,
  );
  await userEvent.click(screen.getByRole('button', { name: 'Sort: First' }));
  await userEvent.click(await screen.findByRole('menuitemradio', { name: 'Last', hidden: true }));
  await waitFor(() => expect(told).toEqual(['b']));
  await waitFor(() => expect(screen.queryByRole('menuitemradio', { hidden: true })).toBeNull());
});
