import { Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import type { ReactNode } from 'react';
import { tellTrouble } from '@/components/told.tsx';

interface Question {
  title: string; // names the thing: "Stop “night shift”?"
  effect: ReactNode; // what happens then, to whom
  verb: string; // on the button
  grave?: boolean; // it cannot be undone
  act: () => Promise<unknown>;
}

/** Asks before something is done that cannot be taken back. */
export function confirm({ title, effect, verb, grave = true, act }: Question) {
  modals.openConfirmModal({
    title,
    children: <Text size="sm">{effect}</Text>,
    labels: { confirm: verb, cancel: 'Cancel' },
    confirmProps: { color: grave ? 'red' : '' },
    onConfirm: () => {
      act().catch((error: unknown) => tellTrouble(`${title.replace(/\?$/, '')}: that did not work`, error));
    },
  });
}
