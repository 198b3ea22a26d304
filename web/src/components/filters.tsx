import { Button, Menu } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { memo, useCallback, useEffect, useRef, useState } from 'react';

interface SomeProps<T extends string> {
  of: { one: string; many: string; all: string }; // such as Status, statuses, All statuses
  known: readonly T[];
  word: (value: T) => string;
  chosen: T[];
  onChange: (to: T[] | undefined) => void;
}

function AnySomeMenu<T extends string>({ of, known, word, chosen, onChange }: SomeProps<T>) {
  const [seen, setSeen] = useState(chosen);
  const [wanted, setWanted] = useState<T[]>(); // until it is told by who uses this: the next press builds on it
  if (seen !== chosen) {
    setSeen(chosen);
    setWanted(undefined);
  }
  const now = wanted ?? chosen;
  const want = (to: T[]) => {
    setWanted(to);
    onChange(to.length > 0 ? to : undefined);
  };
  const [only] = now;
  return (
    <Menu width={180} position="bottom-start">
      <Menu.Target>
        <Button variant="default" size="xs" rightSection={<IconChevronDown size={14} aria-hidden />}>
          {only === undefined ? of.one : now.length === 1 ? word(only) : `${now.length} ${of.many}`}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {known.map((value) => (
          <Menu.CheckboxItem
            key={value}
            checked={now.includes(value)}
            onChange={(on) => want(known.filter((s) => (s === value ? on : now.includes(s))))}
          >
            {word(value)}
          </Menu.CheckboxItem>
        ))}
        <Menu.Divider />
        <Menu.Item disabled={now.length === 0} onClick={() => want([])}>
          {of.all}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

interface SortProps<T extends string> {
  words: Partial<Record<T, string>>; // those there are
  chosen: T | undefined;
  standard: T; // which the address leaves out
  onChange: (to: T | undefined) => void;
}

function AnySortMenu<T extends string>({ words, chosen, standard, onChange }: SortProps<T>) {
  const now = chosen ?? standard;
  const known = Object.keys(words) as T[];
  const soon = useAfterPaint();
  return (
    <Menu width={180} position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" color="gray" size="xs" rightSection={<IconChevronDown size={14} aria-hidden />}>
          Sort: {words[now]}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup
          value={now}
          onChange={(v) => soon(() => onChange(v === standard ? undefined : known.find((s) => s === v)))}
        >
          {known.map((sort) => (
            <Menu.RadioItem key={sort} value={sort} closeMenuOnClick>
              {words[sort]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Does something once the browser has painted, such as a menu that closes; nothing when the page is another by then. */
function useAfterPaint() {
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  return useCallback((act: () => void) => {
    requestAnimationFrame(() =>
      setTimeout(() => {
        if (!gone.current) act();
      }),
    );
  }, []);
}

// TypeScript loses the parameter of a component's type in memo.

/** Chooses some of a few values; none are all. */
export const SomeMenu = memo(AnySomeMenu) as typeof AnySomeMenu;

/** Chooses the order of a list. */
export const SortMenu = memo(AnySortMenu) as typeof AnySortMenu;
