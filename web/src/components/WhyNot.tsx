import { Tooltip, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './WhyNot.module.css';

/** Says at a button that may not be pressed why that is, by mouse and by keyboard. */
export function WhyNot({ reason, children }: { reason: string | undefined; children: ReactNode }) {
  if (reason === undefined) return children;
  return (
    <Tooltip label={reason} multiline w={260} events={{ hover: true, focus: true, touch: true }}>
      <span tabIndex={0} className={classes.why ?? ''}>
        {children}
        <VisuallyHidden>{reason}</VisuallyHidden>
      </span>
    </Tooltip>
  );
}
