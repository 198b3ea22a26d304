import { ActionIcon, Kbd, Text, UnstyledButton } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { paletteKeys } from '@/components/shell/paletteKeys.ts';
import { tellTrouble } from '@/components/told.tsx';
import classes from './Shell.module.css';

const load = () => import('@/components/palette/Palette.tsx');
type Loaded = Awaited<ReturnType<typeof load>>['default'];

/** Opens the palette, as Ctrl-K or ⌘K does anywhere. It is loaded when it is first opened. */
export function PaletteButton() {
  const [opens, setOpens] = useState(0);
  const [Palette, setPalette] = useState<Loaded>();
  const open = () => {
    if (document.querySelector('[aria-modal=true]')) return; // a question waits for its answer first
    load().then(
      (loaded) => {
        setPalette(() => loaded.default);
        setOpens((n) => n + 1);
      },
      (error: unknown) => tellTrouble('The palette could not be opened', error),
    );
  };
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
        <Kbd size="xs">{paletteKeys}</Kbd>
      </UnstyledButton>
      <ActionIcon hiddenFrom="sm" variant="subtle" color="gray" aria-label="Run an operator…" onClick={open}>
        <IconSearch size={18} stroke={1.7} />
      </ActionIcon>
      {Palette && <Palette opens={opens} />}
    </>
  );
}
