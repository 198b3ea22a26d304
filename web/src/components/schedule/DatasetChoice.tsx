import { useQuery } from '@tanstack/react-query';
import { DatasetSelect } from '@/components/DatasetSelect.tsx';
import { datasetQuery } from '@/services/datasets.ts';

interface Props {
  chosen: string | undefined; // id or name
  choose: (id: string | undefined) => void;
}

/** Chooses the dataset of a run, or none: some operators need none. */
export function DatasetChoice({ chosen, choose }: Props) {
  const { data, error } = useQuery({ ...datasetQuery(chosen ?? ''), enabled: chosen !== undefined });
  return (
    <DatasetSelect
      label="Dataset"
      none="No dataset"
      chosen={chosen === undefined ? undefined : (data ?? null)}
      choose={choose}
      error={error ? 'There is no such dataset, or you may not see it.' : undefined}
    />
  );
}
