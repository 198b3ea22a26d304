import { Group, Kbd, Modal, Stack, Text, Title } from '@mantine/core';
import { useDisclosure, useWindowEvent } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { useLater } from '@/components/afterPaint.ts';
import { sectionsFor } from '@/components/shell/sections.ts';
import { useMe } from '@/services/me.ts';

const going = 1500; // milliseconds from g to the letter of a place

type Key = [pressed: string, does: string];

const anywhere: Key[] = [
  ['?', 'Show this'],
  ['Ctrl K', 'Run an operator, or go somewhere'],
  ['/', 'Search'],
];

const inLists: Key[] = [
  ['j', 'Next run'],
  ['k', 'Run before'],
  ['Enter', 'Open the run'],
  ['x', 'Select the run'],
  ['p', 'Pin the run, or take the pin away'],
  ['e', 'Rename the run'],
];

/** The keys that work on every page: `g` and a letter go to a place, `/` to the search, `?` shows them all. */
export function Shortcuts() {
  const places = sectionsFor(useMe());
  const navigate = useNavigate();
  const [shown, sheet] = useDisclosure(false);
  const g = useRef(-Infinity);
  useWindowEvent('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || types(e.target)) return;
    if (document.querySelector('[aria-modal=true]')) return; // a question waits for its answer first
    const place = e.timeStamp - g.current < going ? places.find((p) => p.letter === e.key) : undefined;
    g.current = e.key === 'g' ? e.timeStamp : -Infinity;
    if (place) {
      e.preventDefault();
      void navigate({ to: place.to });
    } else if (e.key === '?') {
      sheet.open();
    } else if (e.key === '/') {
      const search = document.querySelector<HTMLElement>('[data-search]');
      search?.focus();
      if (search) e.preventDefault();
    }
  });
  const later = useLater();
  return (
    later && (
      <Modal opened={shown} onClose={sheet.close} title="Keys">
        <Stack gap="lg">
          <Keys title="Everywhere" keys={[...anywhere, ...places.map((p): Key => [`g ${p.letter}`, p.label])]} />
          <Keys title="In a list of runs" keys={inLists} />
        </Stack>
      </Modal>
    )
  );
}

function Keys({ title, keys }: { title: string; keys: Key[] }) {
  return (
    <section>
      <Title order={2} size="h5" mb="xs">
        {title}
      </Title>
      <Stack gap={6}>
        {keys.map(([pressed, does]) => (
          <Group key={pressed} justify="space-between">
            <Text size="sm">{does}</Text>
            <Group gap={4}>
              {pressed.split(' ').map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </Stack>
    </section>
  );
}

function types(at: EventTarget | null): boolean {
  return at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
}
