import { useNavigate } from '@tanstack/react-router';
import { memo } from 'react';
import { DatasetSelect } from '@/components/DatasetSelect.tsx';
import { LinkTab, LinkTabs } from '@/components/LinkTabs.tsx';
import type { Dataset } from '@/services/datasets.ts';

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
export const DatasetPicker = memo(function DatasetPicker({ dataset, page = 'runs' }: Props) {
  const navigate = useNavigate();
  const go = (id: string | undefined) => {
    if (id === undefined) void navigate({ to: '/runs', search: {} });
    else void navigate({ to: `/d/$dataset/${page}`, params: { dataset: id }, search: {} });
  };
  return <DatasetSelect size="xs" w={240} aria-label="Dataset" none="All datasets" chosen={dataset} choose={go} />;
});
