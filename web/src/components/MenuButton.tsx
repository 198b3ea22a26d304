import { Menu, type MenuItemProps, type MenuProps } from '@mantine/core';
import {
  createContext,
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  type SyntheticEvent,
  type UIEvent,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from 'react';
import { flushSync } from 'react-dom';
import { useAfterPaint } from '@/components/afterPaint.ts';
import classes from './MenuButton.module.css';

interface Props extends Pick<MenuProps, 'position' | 'width'> {
  label: string;
  button: (props: ReturnType<typeof menuButton>) => ReactNode;
  children: ReactNode; // the items
}

/** A button with a menu. The button answers at once, then the menu opens; until it is first pressed there is no menu. */
export function MenuButton({ button, ...rest }: Props) {
  const [opened, setOpened] = useState<boolean>(); // once it is pressed
  const turn = useTurn();
  const toggle = (e: UIEvent) =>
    turn(
      e,
      () => setOpened((before) => before ?? false),
      () => setOpened((before) => !before),
    );
  return (
    <span className={classes.around}>
      {button(menuButton(opened === true, toggle))}
      {opened !== undefined && <MenuAt {...rest} opened={opened} onClose={() => setOpened(false)} />}
    </span>
  );
}

/**
 * Makes a menu, closed, and opens or closes it: once the button has answered to the mouse or a finger, at once for a key, as
 * the next one may follow at once.
 */
export function useTurn() {
  const soon = useAfterPaint();
  return useCallback(
    (press: UIEvent, make: () => void, turn: () => void) => {
      flushSync(make);
      if (press.detail === 0) turn();
      else soon(turn);
    },
    [soon],
  );
}

/** What makes a button one that opens and closes a menu. */
export function menuButton(opened: boolean, toggle: (e: UIEvent<HTMLElement>) => void) {
  const keep = (e: SyntheticEvent) => opened && e.stopPropagation(); // else the menu closes by that, and opens again by the click
  const escape = (e: KeyboardEvent<HTMLElement>) => {
    if (!opened || e.key !== 'Escape') return; // the menu, which takes the focus a moment after it opens, closes by its own
    e.stopPropagation();
    toggle(e);
  };
  return {
    'aria-haspopup': 'menu',
    'aria-expanded': opened,
    onMouseDown: keep,
    onTouchStart: keep,
    onKeyDown: escape,
    onClick: toggle,
  } as const;
}

interface AtProps extends Omit<Props, 'button'> {
  opened: boolean;
  onClose: () => void; // at once: what is pressed outside of the menu takes the focus next
  style?: CSSProperties; // where it is; over all of what is around it if nothing is said
}

/** A menu at some place. To give the focus back as it closes, it has to be there, closed, before it opens. */
export function MenuAt({ label, opened, onClose, style, children, ...rest }: AtProps) {
  const chosen = useRef<() => void>(undefined);
  const choose = useCallback((deed: () => void) => {
    chosen.current = deed;
  }, []);
  const act = () => {
    const deed = chosen.current;
    chosen.current = undefined;
    deed?.();
  };
  const from = useRef<Element>(null);
  useEffect(() => {
    if (!opened) return;
    from.current = document.activeElement;
    act(); // it was opened again before it had closed
  }, [opened]);
  const closed = () => {
    // Closed before it had the focus, it takes it nevertheless, and with it away.
    const now = document.activeElement;
    const lost = now === null || now === document.body || now.closest('[role=menu]') !== null;
    if (lost && from.current instanceof HTMLElement) from.current.focus({ preventScroll: true });
    act();
  };
  return (
    <Choose value={choose}>
      <Menu
        {...rest}
        opened={opened}
        onClose={onClose}
        onExitTransitionEnd={closed}
        portalProps={inMain}
        withInitialFocusPlaceholder={false} // which is not an item, and a menu holds nothing else
      >
        <Menu.Target>
          <Place label={label} style={style} />
        </Menu.Target>
        <Menu.Dropdown>{children}</Menu.Dropdown>
      </Menu>
    </Choose>
  );
}

const inMain = { target: '#main' }; // outside of it people who go from landmark to landmark do not meet it

const Choose = createContext<(deed: () => void) => void>(() => undefined);

interface PlaceProps {
  label: string;
  style: CSSProperties | undefined;
  id?: string; // these two the menu gives
  ref?: Ref<HTMLSpanElement>;
}

/** Where a menu opens, and its name. That it is a menu, and whether it is open, its button says. */
function Place({ label, style, id, ref }: PlaceProps) {
  return <span ref={ref} id={id} className={classes.place} style={style} aria-label={label} aria-hidden />;
}

interface DeedProps extends MenuItemProps {
  act: () => void;
}

/**
 * An item of a menu that does something once the menu has closed: the menu gives the focus back to its button then, and what
 * is done may take it.
 */
export function MenuDeed({ act, ...rest }: DeedProps) {
  const choose = useContext(Choose);
  return <Menu.Item {...rest} onClick={() => choose(act)} />;
}
