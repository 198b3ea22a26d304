import { TextInput } from '@mantine/core';
import { type KeyboardEvent, useRef, useState } from 'react';
import { useRunDeeds } from '@/components/runs/deeds.tsx';
import type { Run, RunItem } from '@/services/runs.ts';

/** A field to rename a run in place: Enter keeps the name, Escape leaves it as it was, and nothing gives the operator's. */
export function RunName({ run, onEnd }: { run: RunItem | Run; onEnd: () => void }) {
  const { rename } = useRunDeeds();
  const [label, setLabel] = useState(run.label);
  const over = useRef(false); // leaving the field after Enter or Escape says nothing more
  const end = (keep: boolean) => {
    if (over.current) return;
    over.current = true;
    if (!keep || label.trim() === run.label) {
      onEnd();
      return;
    }
    const again = () => (over.current = false); // the name that was entered stays, to be tried again
    rename.mutate({ run, label: label.trim() }, { onSuccess: onEnd, onError: again });
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === 'Enter') end(true);
    if (e.key === 'Escape') end(false);
  };
  return (
    <TextInput
      aria-label="Name of the run"
      placeholder={run.operator_label || run.operator}
      size="xs"
      maw={360}
      maxLength={200}
      autoFocus
      value={label}
      onChange={(e) => setLabel(e.currentTarget.value)}
      onKeyDown={onKeyDown}
      onBlur={() => end(true)}
    />
  );
}
