import { MantineProvider, Menu } from '@mantine/core';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { MenuButton } from '@/components/MenuButton.tsx';

function shown() {
  render(
    <MantineProvider>
      <MenuButton label="Animals" button={(props) => <button {...props}>Animals</button>}>
        <Menu.Item>Cat</Menu.Item>
      </MenuButton>
    </MantineProvider>,
  );
  return screen.getByRole('button', { name: 'Animals' });
}

const cat = () => screen.queryByRole('menuitem', { name: 'Cat', hidden: true });

it('has no menu until it is pressed, and gives the focus back the first time, too', async () => {
  const button = shown();
  expect(button.getAttribute('aria-expanded')).toBe('false');
  expect(cat()).toBeNull();
  button.focus();
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(cat()).toBeTruthy());
  expect(button.getAttribute('aria-expanded')).toBe('true');
  await waitFor(() => expect(document.activeElement).not.toBe(button));
  await userEvent.keyboard('{Escape}');
  await waitFor(() => expect(cat()).toBeNull());
  await waitFor(() => expect(document.activeElement).toBe(button));
});

it('closes by a second press', async () => {
  const button = shown();
  await userEvent.click(button);
  await waitFor(() => expect(cat()).toBeTruthy());
  await userEvent.click(button);
  await waitFor(() => expect(cat()).toBeNull());
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(cat()).toBeNull();
});
