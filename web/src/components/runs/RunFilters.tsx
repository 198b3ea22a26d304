import { ActionIcon, Group, Tooltip } from '@mantine/core';
import { IconLetterCase } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { memo, useMemo, useState } from 'react';
import { SomeMenu, SortMenu } from '@/components/filters.tsx';
import { LateSelect } from '@/components/LateSelect.tsx';
import { OneOf } from '@/components/OneOf.tsx';
import type { RunSearch } from '@/components/runs/search.ts';
import { Searching } from '@/components/Searching.tsx';
import { operatorsQuery } from '@/services/operators.ts';
import { type Sort, type Status, statuses } from '@/services/runs.ts';

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

const ofStatus = { one: 'Status', many: 'statuses', all: 'All statuses' };
const none: Status[] = [];

/**
 * What a list of runs shows, and in which order. All of it lives in the address. A change renders what it changes, and no
 * more, so that the answer to it is quick.
 */
export function RunFilters({ search, change, dataset, mayAll, onlyMine }: Props) {
  const choose = useMemo(
    () => ({
      status: (status: Status[] | undefined) => change({ status }),
      operator: (operator: string | undefined) => change({ operator }),
      sort: (sort: Sort | undefined) => change({ sort }),
    }),
    [change],
  );
  return (
    <Group gap="xs" mb="sm" role="search" aria-label="Runs">
      <Tooltip label={onlyMine} disabled={onlyMine === undefined} multiline w={260}>
        <OneOf
          aria-label="Whose runs"
          disabled={onlyMine !== undefined}
          value={search.mine || onlyMine !== undefined ? 'mine' : 'all'}
          onChange={(v) => change({ mine: v === 'mine' ? 'yes' : undefined })}
          options={[
            { value: 'mine', label: 'My runs' },
            { value: 'all', label: 'All runs' },
          ]}
        />
      </Tooltip>
      {dataset !== undefined && mayAll && (
        <OneOf
          aria-label="Of which datasets"
          value={search.all ? 'all' : 'this'}
          onChange={(v) => change({ all: v === 'all' ? 'yes' : undefined })}
          options={[
            { value: 'this', label: 'This dataset' },
            { value: 'all', label: 'All datasets' },
          ]}
        />
      )}
      <SomeMenu of={ofStatus} known={statuses} word={word} chosen={search.status ?? none} onChange={choose.status} />
      <OperatorFilter chosen={search.operator} onChange={choose.operator} />
      <RunSearchField q={search.q} match={search.match} change={change} />
      <SortMenu words={sortWords} chosen={search.sort} standard="scheduled" onChange={choose.sort} />
    </Group>
  );
}

interface OperatorFilterProps {
  chosen: string | undefined;
  onChange: (to: string | undefined) => void;
}

const OperatorFilter = memo(function OperatorFilter({ chosen, onChange }: OperatorFilterProps) {
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ ...operatorsQuery(), enabled: opened || chosen !== undefined });
  const found = data?.items.map((o) => ({ value: o.uri, label: o.label || o.uri })) ?? [];
  const known = chosen === undefined || found.some((o) => o.value === chosen);
  return (
    <LateSelect
      shown={chosen && (found.find((o) => o.value === chosen)?.label ?? chosen)}
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
});

type RunSearchFieldProps = Pick<RunSearch, 'q' | 'match'> & Pick<Props, 'change'>;

const RunSearchField = memo(function RunSearchField({ q, match, change }: RunSearchFieldProps) {
  const exact = match === 'uri';
  return (
    <Searching
      label="Search"
      placeholder={exact ? 'Operator URI, exact case' : 'Search operator, name, person'}
      text={q}
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
});

function word(status: string): string {
  return status.charAt(0).toUpperCase() + status.slice(1);
}
