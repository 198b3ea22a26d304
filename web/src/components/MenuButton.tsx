import { Menu, type MenuProps } from '@mantine/core';
import { type CSSProperties, type ReactNode, type SyntheticEvent, useState } from 'react';
import { useAfterPaint } from '@/components/afterPaint.ts';
import classes from './MenuButton.module.css';

interface Props extends Pick<MenuProps, 'position' | 'width' | 'onExitTransitionEnd'> {
  label: string;
  button: (props: ReturnType<typeof menuButton>) => ReactNode;
  children: ReactNode; // the items
}

/** A button with a menu. The button answers at once, then the menu opens; until it is first pressed there is no menu. */
export function MenuButton({ button, ...rest }: Props) {
  const [opened, setOpened] = useState<boolean>(); // once it is pressed
  const soon = useAfterPaint();
  const toggle = () => {
    setOpened((before) => before ?? false);
    soon(() => setOpened((before) => !before));
  };
  return (
    <span className={classes.around}>
      {button(menuButton(opened === true, toggle))}
      {opened !== undefined && <MenuAt {...rest} opened={opened} onClose={() => setOpened(false)} />}
    </span>
  );
}

/** What makes a button one that opens and closes a menu. */
export function menuButton<E extends SyntheticEvent>(opened: boolean, toggle: (e: E) => void) {
  const keep = (e: SyntheticEvent) => opened && e.stopPropagation(); // else the menu closes by that, and opens again by the click
  return {
    'aria-haspopup': 'menu',
    'aria-expanded': opened,
    onMouseDown: keep,
    onTouchStart: keep,
    onClick: toggle,
  } as const;
}

interface AtProps extends Omit<Props, 'button'> {
  opened: boolean;
  onClose: () => void;
  style?: CSSProperties; // where it is; over all of what is around it if nothing is said
}

/** A menu at some place. To give the focus back as it closes, it has to be there, closed, before it opens. */
export function MenuAt({ label, opened, onClose, style, children, ...rest }: AtProps) {
  const soon = useAfterPaint();
  return (
    <Menu {...rest} opened={opened} onClose={() => soon(onClose)}>
      <Menu.Target>
        <span className={classes.place} style={style} aria-label={label} />
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
