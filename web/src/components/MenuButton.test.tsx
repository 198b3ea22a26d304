import { MantineProvider, Menu } from '@mantine/core';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { MenuButton, MenuDeed } from '@/components/MenuButton.tsx';

function shown(act: () => void = () => undefined) {
  render(
    <MantineProvider>
      <main id="main">
        <MenuButton label="Animals" button={(props) => <button {...props}>Animals</button>}>
          <Menu.Item>Cat</Menu.Item>
          <MenuDeed act={act}>Dog</MenuDeed>
        </MenuButton>
        <input aria-label="Beside" />
      </main>
    </MantineProvider>,
  );
  return screen.getByRole('button', { name: 'Animals' });
}

const cat = () => screen.queryByRole('menuitem', { name: 'Cat', hidden: true });

it('has no menu until it is pressed', async () => {
  const button = shown();
  expect(button.getAttribute('aria-expanded')).toBe('false');
  expect(cat()).toBeNull();
  button.focus();
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(cat()).toBeTruthy());
  expect(button.getAttribute('aria-expanded')).toBe('true');
  await userEvent.keyboard('{Escape}');
  await waitFor(() => expect(cat()).toBeNull());
  expect(button.getAttribute('aria-expanded')).toBe('false');
});

it('opens by a key at once, so that the next one is not lost', async () => {
  const button = shown();
  button.focus();
  await userEvent.keyboard('{Enter}{Escape}');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(button.getAttribute('aria-expanded')).toBe('false');
});

it('closes by Escape also before it has the focus', async () => {
  const button = shown();
  button.focus();
  fireEvent.click(button, { detail: 0 });
  expect(button.getAttribute('aria-expanded')).toBe('true');
  fireEvent.keyDown(button, { key: 'Escape' });
  expect(button.getAttribute('aria-expanded')).toBe('false');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(cat()).toBeNull();
  expect(document.activeElement).toBe(button);
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

it('leaves the focus to what is pressed outside of it', async () => {
  await userEvent.click(shown());
  await waitFor(() => expect(cat()).toBeTruthy());
  await userEvent.click(screen.getByLabelText('Beside'));
  await waitFor(() => expect(cat()).toBeNull());
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(document.activeElement).toBe(screen.getByLabelText('Beside'));
});

it('does what is chosen once it has closed, when its button has the focus again', async () => {
  const found: (Element | null)[] = [];
  const button = shown(() => found.push(document.activeElement));
  await userEvent.click(button);
  await userEvent.click(await screen.findByRole('menuitem', { name: 'Dog', hidden: true }));
  await waitFor(() => expect(found).toEqual([button]));
});
