import { Button } from '@mantine/core';
import type { ReactNode } from 'react';

interface Props {
  label: string; // with the name of the thing
  busy?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

/** A quiet button of a row that takes something away, after a question. */
export function Grave({ label, busy = false, disabled = false, onClick, children }: Props) {
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="red"
      {...(disabled ? {} : { c: 'var(--sb-failed)' })}
      aria-label={label}
      loading={busy}
      disabled={disabled}
      onClick={onClick}
    >
      {children}
    </Button>
  );
}
