import { Kbd, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { createSpotlight, Spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useFound } from '@/components/palette/found.tsx';
import { useHere } from '@/components/palette/here.ts';

const [store, palette] = createSpotlight();

/** Where one goes by the keyboard: to run an operator, to a dataset, a run, a page, a person. It opens when `opens` grows. */
export default function Palette({ opens }: { opens: number }) {
  const [query, setQuery] = useState('');
  useEffect(() => {
    if (opens > 0) palette.open();
  }, [opens]);
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      scrollable
      maxHeight="min(70vh, 560px)"
      size="lg"
      styles={{ actionDescription: { color: 'inherit', opacity: 1 } }}
      attributes={{ content: { 'aria-label': 'Palette' } }}
      transitionProps={{ duration: 80 }}
    >
      <Spotlight.Search
        aria-label="Search for an operator, a dataset, a run or a page"
        placeholder="Run an operator, go to a dataset, a run, a page…"
        leftSection={<IconSearch size={18} aria-hidden />}
      />
      <Found query={query} />
      <Spotlight.Footer>
        <Text size="xs" c="dimmed">
          <Kbd size="xs">↑</Kbd> <Kbd size="xs">↓</Kbd> choose, <Kbd size="xs">Enter</Kbd> go, <Kbd size="xs">Esc</Kbd>{' '}
          close
        </Text>
      </Spotlight.Footer>
    </Spotlight.Root>
  );
}

function Found({ query }: { query: string }) {
  const [search] = useDebouncedValue(query.trim(), 150);
  const here = useHere();
  const { groups, busy } = useFound(search, here);
  const none = groups.every((g) => g.entries.length === 0);
  // Entries come from the server when the query has been there for a while: then the first is what Enter goes to.
  const keys = groups.flatMap((g) => g.entries.map((e) => e.key)).join(' ');
  useEffect(() => {
    const first = document.querySelector('[data-action]');
    if (!first || document.querySelector('[data-action][data-selected]')) return;
    first.setAttribute('data-selected', 'true');
    store.updateState((state) => ({ ...state, selected: 0 }));
  }, [keys]);
  return (
    <Spotlight.ActionsList>
      {groups
        .filter((g) => g.entries.length > 0)
        .map((group) => (
          <Spotlight.ActionsGroup key={group.label} label={group.label}>
            {group.entries.map(({ key, label, about, icon: Icon, go, stays = false }) => (
              <Spotlight.Action
                key={key}
                label={label}
                {...(about ? { description: about } : {})}
                leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
                closeSpotlightOnTrigger={!stays}
                onClick={go}
              />
            ))}
          </Spotlight.ActionsGroup>
        ))}
      {none && <Spotlight.Empty>{busy ? 'Searching…' : 'Nothing like this was found.'}</Spotlight.Empty>}
    </Spotlight.ActionsList>
  );
}
