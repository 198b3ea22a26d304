import { Button, Menu } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { memo, useState } from 'react';
import { useAfterPaint } from '@/components/afterPaint.ts';
import { MenuButton } from '@/components/MenuButton.tsx';

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
    <MenuButton
      label={of.one}
      width={180}
      position="bottom-start"
      button={(props) => (
        <Button {...props} variant="default" size="xs" rightSection={<IconChevronDown size={14} aria-hidden />}>
          {only === undefined ? of.one : now.length === 1 ? word(only) : `${now.length} ${of.many}`}
        </Button>
      )}
    >
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
    </MenuButton>
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
    <MenuButton
      label="Sort"
      width={180}
      position="bottom-end"
      button={(props) => (
        <Button
          {...props}
          variant="subtle"
          color="gray"
          size="xs"
          rightSection={<IconChevronDown size={14} aria-hidden />}
        >
          Sort: {words[now]}
        </Button>
      )}
    >
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
    </MenuButton>
  );
}

// TypeScript loses the parameter of a component's type in memo.

/** Chooses some of a few values; none are all. */
export const SomeMenu = memo(AnySomeMenu) as typeof AnySomeMenu;

/** Chooses the order of a list. */
export const SortMenu = memo(AnySortMenu) as typeof AnySortMenu;
