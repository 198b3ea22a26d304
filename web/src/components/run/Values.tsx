import { Group } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Copy } from '@/components/Copy.tsx';
import { OneOf } from '@/components/OneOf.tsx';
import classes from './run.module.css';

/** What went into a run or came out of it: as people read it, which stands within, or as it is. */
export function Values({ value, children }: { value: unknown; children: ReactNode }) {
  const [raw, setRaw] = useState(false);
  const text = JSON.stringify(value, null, 2);
  return (
    <>
      <Group gap="xs" mb="sm">
        <OneOf
          aria-label="How it is shown"
          value={raw ? 'raw' : 'read'}
          onChange={(v) => setRaw(v === 'raw')}
          options={[
            { value: 'read', label: 'Rendered' },
            { value: 'raw', label: 'Raw' },
          ]}
        />
        <Copy text={text} />
      </Group>
      {raw ? <pre className={classes.code}>{text}</pre> : children}
    </>
  );
}
