import type { SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { LateSelect } from '@/components/LateSelect.tsx';
import { datasetsFoundQuery } from '@/services/datasets.ts';

interface Props extends Pick<SelectProps, 'label' | 'aria-label' | 'size' | 'w' | 'error'> {
  none: string; // what having chosen none is called
  chosen: { id: string; name: string } | undefined | null; // undefined: none, null: one that is not known
  choose: (id: string | undefined) => void;
}

/** Chooses one of however many datasets: the server searches. */
export function DatasetSelect({ none, chosen, choose, ...look }: Props) {
  const [typed, setTyped] = useState('');
  const [opened, setOpened] = useState(false); // ever
  const [search] = useDebouncedValue(typed, 200);
  const asked = search === (chosen?.name ?? none) ? '' : search; // what is chosen stands in the field
  const { data, error, isFetching } = useQuery({ ...datasetsFoundQuery(asked), enabled: opened });
  const found = data?.items ?? [];
  const known = new Set(found.map((d) => d.id));
  const items = chosen && !known.has(chosen.id) ? [chosen, ...found] : found;
  const nothing =
    isFetching || search !== typed ? 'Searching…' : error ? 'The datasets could not be read' : 'No such dataset';
  return (
    <LateSelect
      {...look}
      shown={chosen?.name ?? none}
      searchable
      onDropdownOpen={() => setOpened(true)}
      allowDeselect={false}
      nothingFoundMessage={nothing}
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options }) => (asked === '' ? options : options.filter((o) => 'value' in o && known.has(o.value)))}
      value={chosen === undefined ? '' : (chosen?.id ?? null)}
      onChange={(id) => choose(id === null || id === '' ? undefined : id)}
      data={[{ value: '', label: none }, ...items.map((d) => ({ value: d.id, label: d.name }))]}
    />
  );
}
