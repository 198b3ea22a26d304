import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { ShowMore } from '@/components/ShowMore.tsx';

const fetchNextPage = vi.fn();
const list = { data: { pages: [1] }, hasNextPage: true, isFetching: false, isFetchNextPageError: false, fetchNextPage };

function page(of: Partial<typeof list>) {
  return (
    <MantineProvider>
      <ShowMore of={{ ...list, ...of }} />
    </MantineProvider>
  );
}

it('asks again when news took the place of the question, but not after an error', async () => {
  fetchNextPage.mockClear();
  const { rerender } = render(page({}));
  await userEvent.click(screen.getByRole('button', { name: 'Show more' }));
  const asked = fetchNextPage.mock.calls.length;
  expect(asked).toBeGreaterThan(0);
  rerender(page({ isFetching: true })); // the first page, again
  expect(screen.getByRole('button', { name: 'Reading…' })).toBeTruthy();
  rerender(page({}));
  expect(fetchNextPage.mock.calls.length).toBe(asked + 1);
  rerender(page({ isFetching: true }));
  rerender(page({ isFetchNextPageError: true }));
  expect(fetchNextPage.mock.calls.length).toBe(asked + 1);
  expect(screen.getByRole('button', { name: 'Show more' })).toBeTruthy();
});

it('keeps the focus where the button was, and says that nothing is left', async () => {
  const { rerender } = render(page({}));
  await userEvent.click(screen.getByRole('button', { name: 'Show more' }));
  rerender(page({ data: { pages: [1, 2] }, hasNextPage: false }));
  expect(document.activeElement).toBe(screen.getByText('That is all.'));
});
