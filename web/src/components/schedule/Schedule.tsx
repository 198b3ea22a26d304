import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { Page } from '@/components/Page.tsx';
import { Again } from '@/components/schedule/Again.tsx';
import { DatasetChoice } from '@/components/schedule/DatasetChoice.tsx';
import { OperatorChoice } from '@/components/schedule/OperatorChoice.tsx';
import { Fill } from '@/components/schedule/Fill.tsx';
import type { ScheduleSearch } from '@/components/schedule/search.ts';
import classes from './Schedule.module.css';

/** The page where a run is scheduled: on which dataset, which operator, with what, and where. */
export function Schedule({ search }: { search: ScheduleSearch }) {
  const navigate = useNavigate();
  const change = useCallback(
    (to: Partial<ScheduleSearch>) =>
      void navigate({ to: '/schedule', search: (before) => ({ ...before, ...to }), replace: true, resetScroll: false }),
    [navigate],
  );
  if (search.rerun) {
    return (
      <Page title="Re-run with changes">
        <div className={classes.form}>
          <Again id={search.rerun} />
        </div>
      </Page>
    );
  }
  return (
    <Page title="Schedule a run">
      <div className={classes.form}>
        <DatasetChoice chosen={search.dataset} choose={(dataset) => change({ dataset })} />
        <OperatorChoice
          chosen={search.operator}
          dataset={search.dataset}
          choose={(operator) => change({ operator, orchestrator: undefined })}
        />
        {search.operator && (
          <Fill key={search.operator} search={{ ...search, operator: search.operator }} change={change} />
        )}
      </div>
    </Page>
  );
}
