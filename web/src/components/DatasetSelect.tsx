import { Select, type SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
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
  const { data } = useQuery({ ...datasetsFoundQuery(asked), enabled: opened });
  const found = data?.items ?? [];
  const items = chosen && !found.some((d) => d.id === chosen.id) ? [chosen, ...found] : found;
  return (
    <Select
      {...look}
      searchable
      onDropdownOpen={() => setOpened(true)}
      allowDeselect={false}
      nothingFoundMessage="No such dataset"
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options }) => options}
      value={chosen === undefined ? '' : (chosen?.id ?? null)}
      onChange={(id) => choose(id === null || id === '' ? undefined : id)}
      data={[{ value: '', label: none }, ...items.map((d) => ({ value: d.id, label: d.name }))]}
    />
  );
}
