import { Grid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { DatasetPicker, DatasetTabs } from '@/components/DatasetTabs.tsx';
import { Page } from '@/components/Page.tsx';
import { Pinned } from '@/components/runs/Pinned.tsx';
import { RunFilters } from '@/components/runs/RunFilters.tsx';
import { RunList } from '@/components/runs/RunList.tsx';
import { filterOf, narrows, type RunSearch } from '@/components/runs/search.ts';
import { useSearchChange } from '@/components/searchChange.ts';
import type { Dataset } from '@/services/datasets.ts';
import { atLeast, isAdmin, settingsQuery, useMe } from '@/services/me.ts';

interface Props {
  search: RunSearch;
  dataset?: Dataset; // whose page it is; none: the page of all that one may see
}

/** The page of a dataset's runs, or of all. */
export function Runs({ search, dataset }: Props) {
  const change = useSearchChange<RunSearch>();
  const onlyMine = useOnlyMine(dataset, search);
  const list = (
    <RunList
      filter={useMemo(() => filterOf(search, dataset?.id), [search, dataset?.id])}
      narrowed={narrows(search)}
      showDataset={dataset === undefined || search.all !== undefined}
      change={change}
    />
  );
  return (
    <Page title="Runs" wide actions={<DatasetPicker dataset={dataset} />}>
      {dataset && <DatasetTabs dataset={dataset} />}
      <RunFilters search={search} change={change} dataset={dataset?.id} mayAll={isAdmin(useMe())} onlyMine={onlyMine} />
      {dataset === undefined || search.all ? (
        list
      ) : (
        <Grid gap="md">
          <Grid.Col span={{ base: 12, lg: 9 }}>{list}</Grid.Col>
          <Grid.Col span={{ base: 12, lg: 3 }}>
            <Pinned dataset={dataset} />
          </Grid.Col>
        </Grid>
      )}
    </Page>
  );
}

/** Why others' runs are not in the list, if they are not. */
function useOnlyMine(dataset: Dataset | undefined, search: RunSearch): string | undefined {
  const me = useMe();
  const { data: settings } = useQuery({ ...settingsQuery, enabled: !isAdmin(me) });
  if (isAdmin(me)) return undefined;
  if (dataset === undefined || search.all)
    return 'Here are your own runs. Those of others are on the pages of their datasets.';
  if (settings && !atLeast(me.role, settings.all_runs_minimum_role)) {
    return `Your own runs and the pinned ones are shown. The runs of others are for the role ${settings.all_runs_minimum_role} and above.`;
  }
  return undefined;
}
