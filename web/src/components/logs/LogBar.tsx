import { Button, Group, Select, Switch, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconDownload, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import type { Reading } from '@/components/logs/reading.ts';
import { counted, type LogSearch } from '@/components/logs/search.ts';
import { levels as known } from '@/services/logs.ts';
import { logAddress } from '@/services/runs.ts';

interface Props {
  id: string;
  levels: Record<string, number>;
  firstError: number | undefined; // its number, from 0
  search: LogSearch;
  change: (to: Partial<LogSearch>) => void;
  reading: Reading;
}

const numbers = new Intl.NumberFormat();

/** What of a log is shown, and how. */
export function LogBar({ id, levels, firstError, search, change, reading }: Props) {
  const counts = counted(levels);
  return (
    <Group gap="xs" mb="xs" role="toolbar" aria-label="Log">
      <Select
        size="xs"
        w={200}
        aria-label="Severity"
        allowDeselect={false}
        value={search.level ?? 'DEBUG'}
        onChange={(v) => change({ level: v === 'DEBUG' ? undefined : known.find((l) => l === v), line: undefined })}
        data={known.map((level) => ({
          value: level,
          label: `${level === 'DEBUG' ? 'All' : worse(level)} (${numbers.format(counts[level])})`,
        }))}
      />
      <LogSearchField q={search.q} onChange={(q) => change({ q, line: undefined })} />
      {firstError !== undefined && (
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            reading.setTail(false);
            change({ line: firstError + 1, level: undefined, q: undefined });
          }}
        >
          First error
        </Button>
      )}
      <Switch
        size="xs"
        label="Wrap"
        checked={reading.wrap}
        onChange={(e) => reading.setWrap(e.currentTarget.checked)}
      />
      {reading.grows && (
        <Switch
          size="xs"
          label="Follow"
          checked={reading.tail}
          onChange={(e) => reading.setTail(e.currentTarget.checked)}
        />
      )}
      <Button
        component="a"
        href={logAddress(id)}
        download
        size="xs"
        variant="default"
        ml="auto"
        leftSection={<IconDownload size={14} aria-hidden />}
      >
        Download logs
      </Button>
    </Group>
  );
}

function worse(level: string): string {
  return level === 'CRITICAL' ? 'Critical' : `${level.charAt(0)}${level.slice(1).toLowerCase()} and worse`;
}

function LogSearchField({ q, onChange }: { q: string | undefined; onChange: (to: string | undefined) => void }) {
  const [text, setText] = useState(q ?? '');
  const tell = useDebouncedCallback(onChange, 250);
  return (
    <TextInput
      size="xs"
      type="search"
      aria-label="Search the log"
      placeholder="Search the log"
      leftSection={<IconSearch size={14} aria-hidden />}
      flex="1 1 160px"
      maw={320}
      value={text}
      onChange={(e) => {
        setText(e.currentTarget.value);
        tell(e.currentTarget.value || undefined);
      }}
    />
  );
}
