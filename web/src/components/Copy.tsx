import { Button } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import { tellTrouble } from '@/components/told.tsx';

/** Copies a text. */
export function Copy({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    // Browsers give pages without TLS no clipboard, other than on this machine.
    const clipboard = (navigator as { clipboard?: Clipboard }).clipboard;
    if (!clipboard) throw new Error('Browsers let only pages with TLS copy. Select the text instead.');
    await clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={done ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
      onClick={() => void copy().catch((e: unknown) => tellTrouble('Nothing was copied', e))}
    >
      {done ? 'Copied' : label}
    </Button>
  );
}
