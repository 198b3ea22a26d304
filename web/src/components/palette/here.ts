import { useQuery } from '@tanstack/react-query';
import { useRouterState } from '@tanstack/react-router';
import { datasetQuery } from '@/services/datasets.ts';
import { runQuery } from '@/services/runs.ts';

/** The dataset whose page is open, or that of the run that is. */
export function useHere(): { id: string; name: string } | undefined {
  const place = useRouterState({
    select: (s) => {
      const last = s.matches.at(-1);
      const params = (last?.params ?? {}) as Record<string, string | undefined>;
      const search = (last?.search ?? {}) as { dataset?: unknown };
      const run = s.location.pathname.startsWith('/runs/') ? params.id : undefined;
      const dataset = params.dataset ?? (typeof search.dataset === 'string' ? search.dataset : undefined);
      return `${dataset ?? ''} ${run ?? ''}`;
    },
  });
  const [dataset = '', run = ''] = place.split(' ');
  const { data: open } = useQuery({ ...runQuery(run), enabled: run !== '' });
  const id = dataset === '' ? (open?.dataset_id ?? '') : dataset;
  const { data } = useQuery({ ...datasetQuery(id), enabled: id !== '' });
  return data && id !== '' ? { id: data.id, name: data.name } : undefined;
}
