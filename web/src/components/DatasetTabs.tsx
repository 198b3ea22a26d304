import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { LinkTab, LinkTabs } from '@/components/LinkTabs.tsx';
import { type Dataset, datasetsQuery } from '@/services/datasets.ts';

/** The pages of a dataset. */
export function DatasetTabs({ dataset }: { dataset: Dataset }) {
  const params = { dataset: dataset.id };
  return (
    <LinkTabs label={`Pages of ${dataset.name}`}>
      <LinkTab to="/d/$dataset/runs" params={params}>
        Runs
      </LinkTab>
      <LinkTab to="/d/$dataset/access" params={params}>
        Access
      </LinkTab>
    </LinkTabs>
  );
}

interface Props {
  dataset: Dataset | undefined;
  page?: 'runs' | 'access'; // which page of another dataset one comes to
}

/** Goes to another dataset, or to the runs of all. */
export function DatasetPicker({ dataset, page = 'runs' }: Props) {
  const navigate = useNavigate();
  const { data } = useQuery(datasetsQuery);
  const found = (data?.items ?? []).map((d) => ({ value: d.id, label: d.name }));
  const known = dataset === undefined || found.some((d) => d.value === dataset.id);
  const go = (id: string | null) => {
    if (id === null || id === '') void navigate({ to: '/runs', search: {} });
    else void navigate({ to: `/d/$dataset/${page}`, params: { dataset: id }, search: {} });
  };
  return (
    <Select
      size="xs"
      w={240}
      aria-label="Dataset"
      searchable
      limit={200} // more are found by their names
      allowDeselect={false}
      nothingFoundMessage="No such dataset"
      value={dataset?.id ?? ''}
      onChange={go}
      data={[
        { value: '', label: 'All datasets' },
        ...(known ? found : [...found, { value: dataset.id, label: dataset.name }]),
      ]}
    />
  );
}
