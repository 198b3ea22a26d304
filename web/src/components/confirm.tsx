import { Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import type { ReactNode } from 'react';

interface Question {
  title: string; // names the thing: "Stop “night shift”?"
  effect: ReactNode; // what happens then, to whom
  verb: string; // on the button
  grave?: boolean; // it cannot be undone
  act: () => void; // a deed, which tells its outcome itself
}

/** The colour of a button that takes something away: dark enough for its words. */
export const grievous = 'red.9';

/** Asks before something is done that cannot be taken back. */
export function confirm({ title, effect, verb, grave = true, act }: Question) {
  modals.openConfirmModal({
    title,
    children: (
      <Text size="sm" component="div">
        {effect}
      </Text>
    ),
    labels: { confirm: verb, cancel: 'Cancel' },
    confirmProps: grave ? { color: grievous } : {},
    onConfirm: act,
  });
}
