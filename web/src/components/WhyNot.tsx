import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';

/** Says at a button that may not be pressed why that is, by mouse and by keyboard. */
export function WhyNot({ reason, children }: { reason: string | undefined; children: ReactNode }) {
  if (reason === undefined) return children;
  return (
    <Tooltip label={reason} multiline w={260} events={{ hover: true, focus: true, touch: true }}>
      <span tabIndex={0} role="note" aria-label={reason}>
        {children}
      </span>
    </Tooltip>
  );
}
