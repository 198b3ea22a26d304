import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { datasetQuery, datasetsFoundQuery } from '@/services/datasets.ts';

interface Props {
  chosen: string | undefined; // id or name
  choose: (id: string | undefined) => void;
}

// Some operators need no dataset.
const none = { value: '', label: 'No dataset' };

/** Chooses the dataset of a run, or none. */
export function DatasetChoice({ chosen, choose }: Props) {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, 200);
  const { data: now, error } = useQuery({ ...datasetQuery(chosen ?? ''), enabled: chosen !== undefined });
  const asked = search === (now?.name ?? none.label) ? '' : search;
  const { data } = useQuery(datasetsFoundQuery(asked));
  const found = data?.items ?? [];
  const items = now && !found.some((d) => d.id === now.id) ? [now, ...found] : found;
  return (
    <Select
      label="Dataset"
      searchable
      allowDeselect={false}
      nothingFoundMessage="No such dataset"
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options }) => options}
      value={chosen === undefined ? none.value : (now?.id ?? null)}
      onChange={(id) => choose(id === none.value || id === null ? undefined : id)}
      data={[none, ...items.map((d) => ({ value: d.id, label: d.name }))]}
      error={error ? 'There is no such dataset, or you may not see it.' : undefined}
    />
  );
}
