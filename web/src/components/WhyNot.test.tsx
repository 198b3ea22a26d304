import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { WhyNot } from '@/components/WhyNot.tsx';

function shown(reason: string | undefined) {
  render(
    <MantineProvider>
      <WhyNot reason={reason}>
        <button disabled={reason !== undefined}>Make key</button>
      </WhyNot>
    </MantineProvider>,
  );
}

it('tells who comes by keyboard why a button may not be pressed', async () => {
  shown('Not open to guests');
  await userEvent.tab();
  expect((await screen.findByRole('tooltip', { hidden: true })).textContent).toBe('Not open to guests');
});

it('leaves a button alone that may be pressed', async () => {
  shown(undefined);
  await userEvent.tab();
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Make key' }));
});
