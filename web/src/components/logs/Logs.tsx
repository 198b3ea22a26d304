import { Button, Group, Stack, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { LargeLog } from '@/components/logs/LargeLog.tsx';
import { Scrub } from '@/components/logs/Scrub.tsx';
import { SmallLog } from '@/components/logs/SmallLog.tsx';
import type { LogSearch } from '@/components/logs/search.ts';
import { PagePending } from '@/components/PagePending.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { logIndexQuery, logQuery } from '@/services/logs.ts';
import { isAdmin, useMe } from '@/services/me.ts';
import { logAddress } from '@/services/runs.ts';
import { bytes } from '@/services/times.ts';

interface Props {
  id: string;
  search: LogSearch;
}

/** The log of a run, which an admin can blank text out of. */
export function Logs(props: Props) {
  const admin = isAdmin(useMe());
  return (
    <>
      <Log {...props} />
      {admin && <Scrub id={props.id} />}
    </>
  );
}

/** A log as a table up to 1 MiB; a larger one to download, or in the viewer of large logs. */
function Log({ id, search }: Props) {
  const { data, error, refetch } = useQuery(logQuery(id));
  const navigate = useNavigate();
  const change = useCallback(
    (to: Partial<LogSearch>) =>
      void navigate({ to: '.', search: (before) => ({ ...before, ...to }), replace: true, resetScroll: false }),
    [navigate],
  );
  if (error && !data) return <Trouble error={error} what="The log could not be read" retry={() => void refetch()} />;
  if (!data) return <PagePending />;
  if (!data.download_only) return <SmallLog id={id} log={data} search={search} change={change} />;
  if (search.open) return <LargeLog id={id} search={search} change={change} />;
  return <Large id={id} size={data.size} open={() => change({ open: 'yes' })} />;
}

const numbers = new Intl.NumberFormat();

function Large({ id, size, open }: { id: string; size: number; open: () => void }) {
  const { data } = useQuery(logIndexQuery(id));
  const errors = (data?.levels.ERROR ?? 0) + (data?.levels.CRITICAL ?? 0);
  const facts = [bytes(size)];
  if (data)
    facts.push(`${numbers.format(data.lines)} lines`, errors === 1 ? '1 error' : `${numbers.format(errors)} errors`);
  return (
    <Stack align="center" gap="sm" py={56}>
      <Text fw={550}>{facts.join(' · ')}</Text>
      <Text size="sm" c="dimmed">
        A log over 1 MB is not shown here.
      </Text>
      <Group gap="xs">
        <Button component="a" href={logAddress(id)} download leftSection={<IconDownload size={16} aria-hidden />}>
          Download logs
        </Button>
        <Button variant="default" onClick={open}>
          Open in the viewer
        </Button>
      </Group>
    </Stack>
  );
}
