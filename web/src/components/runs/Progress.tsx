import { Group, Progress as Bar, Text } from '@mantine/core';
import type { Run, RunItem } from '@/services/runs.ts';

/** How far the operator says it is; nothing if it says nothing. */
export function Progress({ run, width = 140 }: { run: RunItem | Run; width?: number | string }) {
  const p = run.progress;
  if (run.status !== 'running' || !p) return null;
  const percent = p.fraction === null ? undefined : Math.floor(p.fraction * 100);
  return (
    <Group gap="xs" wrap="nowrap" miw={0}>
      {percent !== undefined && (
        <>
          <Bar.Root w={width} size="sm" transitionDuration={200}>
            <Bar.Section value={percent} aria-label="Progress" />
          </Bar.Root>
          <Text size="sm" w={40}>
            {percent} %
          </Text>
        </>
      )}
      <Text size="sm" c="dimmed" truncate>
        {p.label}
      </Text>
    </Group>
  );
}
