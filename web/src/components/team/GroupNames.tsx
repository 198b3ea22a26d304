import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Named } from '@/components/team/deeds.ts';

const most = 3;

/** The groups that somebody is in; the first few of many. */
export function GroupNames({ of }: { of: Named[] }) {
  return (
    <Text size="sm" component="span">
      {of.slice(0, most).map((group, i) => (
        <span key={group.id}>
          {i > 0 && ', '}
          <Anchor component={Link} to={`/team/groups/${group.id}`} size="sm" c="var(--mantine-color-text)">
            {group.name}
          </Anchor>
        </span>
      ))}
      {of.length > most && ` and ${of.length - most} more`}
    </Text>
  );
}
