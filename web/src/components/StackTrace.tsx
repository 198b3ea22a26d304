import { Anchor, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { Copy } from '@/components/Copy.tsx';
import classes from '@/components/run/run.module.css';

const foldedAt = 40;

/** The trace of an error. Its last lines say most: the beginning is what is folded. */
export function StackTrace({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const lines = text.trimEnd().split('\n');
  const folded = !whole && lines.length > foldedAt;
  return (
    <>
      <Group justify="space-between" mb="xs">
        <Text size="sm" fw={550}>
          Stack trace
        </Text>
        <Copy text={text} />
      </Group>
      {folded && (
        <Anchor component="button" type="button" size="sm" mb={4} onClick={() => setWhole(true)}>
          Show {lines.length - foldedAt} earlier lines
        </Anchor>
      )}
      <pre className={classes.code}>{(folded ? lines.slice(-foldedAt) : lines).join('\n')}</pre>
    </>
  );
}
