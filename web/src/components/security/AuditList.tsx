import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useHover } from '@mantine/hooks';
import { IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Empty } from '@/components/Empty.tsx';
import { Pager } from '@/components/Pager.tsx';
import { useSteady } from '@/components/runs/steady.ts';
import { AuditRow } from '@/components/security/AuditRow.tsx';
import { type AuditSearch, filterOf, narrows } from '@/components/security/search.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { type AuditEntry, auditQuery } from '@/services/audit.ts';
import { useAutoRefresh } from '@/services/live.ts';
import classes from './Audit.module.css';

/** How often the first page is read again while auto-refresh is on, in milliseconds. */
const every = 10_000;

interface Props {
  search: AuditSearch;
  change: (to: Partial<AuditSearch>) => void;
  clear: ReactNode;
}

/** A page of entries, newest first; what is new shows without moving anything under the pointer. */
export function AuditList({ search, change, clear }: Props) {
  const [live] = useAutoRefresh();
  const first = search.cursor === undefined;
  const { data, error, isPlaceholderData, isFetching, refetch } = useQuery({
    ...auditQuery(filterOf(search), search.cursor),
    refetchInterval: live && first ? every : false,
  });
  const { hovered, ref } = useHover<HTMLDivElement>();
  const [open, setOpen] = useState<string>();
  const held = hovered || open !== undefined;
  const list = useSteady(data?.items ?? nothing, JSON.stringify([search, isPlaceholderData]), held);
  const again = () => void refetch();
  if (error && !data) return <Trouble error={error} what="The audit log could not be read" retry={again} />;
  if (!data) return <Waiting />;
  return (
    <div ref={ref} aria-busy={isPlaceholderData}>
      <Group justify="space-between" mb={4} mih={26} wrap="nowrap">
        <Text size="xs" c="dimmed">
          Newest first{first && live ? ', kept up to date' : ''}
        </Text>
        <Group gap="xs">
          {list.fresh > 0 && (
            <Button size="compact-xs" variant="light" radius="xl" onClick={list.show}>
              {list.fresh === 1 ? '1 new entry' : `${list.fresh} new entries`}
            </Button>
          )}
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            leftSection={<IconRefresh size={14} aria-hidden />}
            disabled={isFetching}
            onClick={again}
          >
            Refresh
          </Button>
        </Group>
      </Group>
      {list.rows.length === 0 ? (
        <Empty>{narrows(search) ? <>No entry fits these filters. {clear}</> : 'Nothing has been done yet.'}</Empty>
      ) : (
        <ul className={classes.rows} aria-label="Audit log">
          {list.rows.map((entry) => (
            <AuditRow
              key={entry.id}
              entry={entry}
              open={open === entry.id}
              toggle={() => setOpen(open === entry.id ? undefined : entry.id)}
              change={change}
            />
          ))}
        </ul>
      )}
      <Pager first={first} next={data.next_cursor} onPage={(cursor) => change({ cursor })} />
    </div>
  );
}

const nothing: AuditEntry[] = [];

function Waiting() {
  return (
    <Stack gap={1} aria-label="Loading" role="status">
      {Array.from({ length: 10 }, (_, i) => (
        <Skeleton key={i} height={38} radius="sm" />
      ))}
    </Stack>
  );
}
