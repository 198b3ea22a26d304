import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { datasetsQuery } from '@/services/datasets.ts';

interface Props {
  chosen: string | undefined; // id or name
  choose: (id: string | undefined) => void;
}

/** Chooses the dataset of a run, or none. */
export function DatasetChoice({ chosen, choose }: Props) {
  const { data } = useQuery(datasetsQuery);
  const items = data?.items ?? [];
  const now = items.find((d) => d.id === chosen || d.name === chosen);
  return (
    <Select
      label="Dataset"
      placeholder="None"
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'No dataset' }}
      nothingFoundMessage="No such dataset"
      value={now?.id ?? null}
      onChange={(id) => choose(id ?? undefined)}
      data={items.map((d) => ({ value: d.id, label: d.name }))}
    />
  );
}
