import { ActionIcon, Kbd, Text, UnstyledButton } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import classes from './Shell.module.css';

const Palette = lazy(() => import('@/components/palette/Palette.tsx'));

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Opens the palette, as Ctrl-K or ⌘K does anywhere. It is loaded when it is first opened. */
export function PaletteButton() {
  const [opens, setOpens] = useState(0);
  const open = () => setOpens((n) => n + 1);
  useHotkeys([['mod+K', open]], []);
  return (
    <>
      <UnstyledButton
        className={classes.palette ?? ''}
        visibleFrom="sm"
        onClick={open}
        aria-keyshortcuts="Control+K Meta+K"
      >
        <IconSearch size={15} aria-hidden />
        <Text size="sm" span>
          Run an operator…
        </Text>
        <Kbd size="xs">{mac ? '⌘K' : 'Ctrl K'}</Kbd>
      </UnstyledButton>
      <ActionIcon hiddenFrom="sm" variant="subtle" color="gray" aria-label="Run an operator…" onClick={open}>
        <IconSearch size={18} stroke={1.7} />
      </ActionIcon>
      {opens > 0 && (
        <Suspense>
          <Palette opens={opens} />
        </Suspense>
      )}
    </>
  );
}
