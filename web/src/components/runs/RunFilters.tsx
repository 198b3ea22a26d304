import { ActionIcon, Group, SegmentedControl, Select, Tooltip } from '@mantine/core';
import { IconLetterCase } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { SomeMenu, SortMenu } from '@/components/filters.tsx';
import type { RunSearch } from '@/components/runs/search.ts';
import { Searching } from '@/components/Searching.tsx';
import { operatorsQuery } from '@/services/operators.ts';
import { type Sort, statuses } from '@/services/runs.ts';

interface Props {
  search: RunSearch;
  change: (to: Partial<RunSearch>) => void;
  dataset: string | undefined;
  mayAll: boolean; // see the runs of all datasets
  onlyMine: string | undefined; // why others' runs are not shown, if they are not
}

const sortWords: Record<Sort, string> = {
  scheduled: 'Newest',
  updated: 'Last updated',
  oldest: 'Oldest',
  operator: 'Operator',
};

/** What a list of runs shows, and in which order. All of it lives in the address. */
export function RunFilters({ search, change, dataset, mayAll, onlyMine }: Props) {
  return (
    <Group gap="xs" mb="sm" role="search" aria-label="Runs">
      <Tooltip label={onlyMine} disabled={onlyMine === undefined} multiline w={260}>
        <SegmentedControl
          size="xs"
          aria-label="Whose runs"
          disabled={onlyMine !== undefined}
          value={search.mine || onlyMine !== undefined ? 'mine' : 'all'}
          onChange={(v) => change({ mine: v === 'mine' ? 'yes' : undefined })}
          data={[
            { value: 'mine', label: 'My runs' },
            { value: 'all', label: 'All runs' },
          ]}
        />
      </Tooltip>
      {dataset !== undefined && mayAll && (
        <SegmentedControl
          size="xs"
          aria-label="Of which datasets"
          value={search.all ? 'all' : 'this'}
          onChange={(v) => change({ all: v === 'all' ? 'yes' : undefined })}
          data={[
            { value: 'this', label: 'This dataset' },
            { value: 'all', label: 'All datasets' },
          ]}
        />
      )}
      <SomeMenu
        of={{ one: 'Status', many: 'statuses', all: 'All statuses' }}
        known={statuses}
        word={word}
        chosen={search.status ?? []}
        onChange={(status) => change({ status })}
      />
      <OperatorFilter chosen={search.operator} onChange={(operator) => change({ operator })} />
      <RunSearchField search={search} change={change} />
      <SortMenu words={sortWords} chosen={search.sort} standard="scheduled" onChange={(sort) => change({ sort })} />
    </Group>
  );
}

function OperatorFilter({
  chosen,
  onChange,
}: {
  chosen: string | undefined;
  onChange: (to: string | undefined) => void;
}) {
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ ...operatorsQuery(), enabled: opened || chosen !== undefined });
  const found = data?.items.map((o) => ({ value: o.uri, label: o.label || o.uri })) ?? [];
  const known = chosen === undefined || found.some((o) => o.value === chosen);
  return (
    <Select
      size="xs"
      w={180}
      aria-label="Operator"
      placeholder="Operator"
      searchable
      clearable
      nothingFoundMessage="No such operator"
      data={known ? found : [...found, { value: chosen, label: chosen }]}
      value={chosen ?? null}
      onChange={(v) => onChange(v ?? undefined)}
      onDropdownOpen={() => setOpened(true)}
    />
  );
}

function RunSearchField({ search, change }: Pick<Props, 'search' | 'change'>) {
  const exact = search.match === 'uri';
  return (
    <Searching
      label="Search"
      placeholder={exact ? 'Operator URI, exact case' : 'Search operator, name, person'}
      text={search.q}
      find={(q) => change({ q })}
      aside={
        <Tooltip label={exact ? 'Only operator URIs, minding the case' : 'Everything, whatever the case'}>
          <ActionIcon
            size="sm"
            variant={exact ? 'light' : 'subtle'}
            color={exact ? 'indigo' : 'gray'}
            aria-label="Search only operator URIs, minding the case"
            aria-pressed={exact}
            onClick={() => change({ match: exact ? undefined : 'uri' })}
          >
            <IconLetterCase size={14} />
          </ActionIcon>
        </Tooltip>
      }
    />
  );
}

function word(status: string): string {
  return status.charAt(0).toUpperCase() + status.slice(1);
}
