import { ActionIcon, Menu, Text } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { MenuAt, MenuButton, MenuDeed } from '@/components/MenuButton.tsx';
import { type Action, useWhyNot } from '@/components/runs/actions.tsx';

interface Props {
  name: string; // of the run
  actions: Action[];
}

/** What can be done with a run, behind three dots. */
export function RunMenu(props: Props) {
  const menu = menuOf(props);
  return (
    <MenuButton
      {...menu}
      button={(button) => (
        <ActionIcon {...button} variant="subtle" color="gray" aria-label={menu.label}>
          <IconDots size={18} />
        </ActionIcon>
      )}
    />
  );
}

interface AtProps extends Props {
  place: Place;
  opened: boolean;
  onClose: () => void;
}

/** Where a button is, in pixels from the list. */
export type Place = Record<'top' | 'left' | 'width' | 'height', number>;

/** The place of a button within its list. Its own offsets do not tell: they count from its row, which is contained. */
export function placeOf(button: HTMLElement): Place {
  const { top, left } = (button.closest('ul') ?? document.body).getBoundingClientRect();
  const at = button.getBoundingClientRect();
  return { top: at.top - top, left: at.left - left, width: at.width, height: at.height };
}

/** The same at a button of a list, which shares one menu: a menu for each row would cost more than all else of it. */
export function RunMenuAt({ place, opened, onClose, ...props }: AtProps) {
  return <MenuAt {...menuOf(props)} opened={opened} onClose={onClose} style={place} />;
}

function menuOf({ name, actions }: Props) {
  return {
    label: `Actions for ${name}`,
    position: 'bottom-end',
    width: 240,
    children: actions.map((action) => <Entry key={action.key} action={action} />),
  } as const;
}

function Entry({ action }: { action: Action }) {
  const { label, icon: Icon, grave, address, act } = action;
  const whyNot = useWhyNot(action);
  const leftSection = <Icon size={16} aria-hidden />;
  if (address !== undefined) {
    return (
      <Menu.Item component="a" href={address} download leftSection={leftSection}>
        {label}
      </Menu.Item>
    );
  }
  const color = grave && whyNot === undefined ? { color: 'red' } : {};
  return (
    <MenuDeed {...color} leftSection={leftSection} disabled={whyNot !== undefined} act={() => act?.()}>
      {label}
      {whyNot !== undefined && <Text size="xs">{whyNot}</Text>}
    </MenuDeed>
  );
}
