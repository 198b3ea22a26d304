import {
  IconDownload,
  IconEdit,
  IconFlag,
  IconPencil,
  IconPin,
  IconPinnedOff,
  IconPlayerStop,
  IconRepeat,
  IconLockOpen,
  type Icon,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { confirm } from '@/components/confirm.tsx';
import { useRunDeeds } from '@/components/runs/deeds.tsx';
import type { Dataset } from '@/services/datasets.ts';
import { isAdmin, useMe } from '@/services/me.ts';
import { operatorQuery } from '@/services/operators.ts';
import { isOver, logAddress, nameOf, rightsOn, type Run, type RunItem, workGoesOn } from '@/services/runs.ts';

/** Something that can be done with a run. */
export interface Action {
  key: 'rerun' | 'edit' | 'rename' | 'pin' | 'download' | 'stop' | 'fail' | 'release';
  label: string;
  icon: Icon;
  whyNot?: string | undefined; // why it cannot be done now, or not by who looks
  runs?: { operator: string; dataset: string | undefined }; // what it runs: whether one may is asked where it shows
  grave?: boolean;
  act?: () => void;
  address?: string; // what it does is to open this
}

type ActionsOf = (run: RunItem | Run, dataset: Dataset | undefined, rename: () => void) => Action[];

/** Tells what can be done with a run of a dataset; `rename` begins to. It is made once for all runs of a list. */
export function useActionsOf(): ActionsOf {
  const me = useMe();
  const navigate = useNavigate();
  const deeds = useRunDeeds();
  return (run, dataset, rename) =>
    actionsOf(run, {
      rights: rightsOn(run, me, dataset),
      admin: isAdmin(me),
      deeds,
      rename,
      edit: () => void navigate({ to: '/schedule', search: { rerun: run.id } }),
    });
}

interface Means {
  rights: ReturnType<typeof rightsOn>;
  admin: boolean;
  deeds: ReturnType<typeof useRunDeeds>;
  rename: () => void;
  edit: () => void;
}

function actionsOf(run: RunItem | Run, { rights, admin, deeds, rename, edit }: Means): Action[] {
  const end = !rights.end ? 'Needs Can manage on the dataset, or a run of your own' : undefined;
  const renameWhyNot = !rights.rename ? 'Needs Can edit on the dataset, or a run of your own' : undefined;
  const over = 'It is over, and so is its work';
  const runs = { operator: run.operator, dataset: run.dataset_id ?? undefined };
  return [
    { key: 'rerun', label: 'Re-run', icon: IconRepeat, runs, act: () => deeds.rerun.mutate(run) },
    {
      key: 'edit',
      label: 'Re-run with changes…',
      icon: IconEdit,
      runs,
      act: edit,
    },
    { key: 'rename', label: 'Rename', icon: IconPencil, whyNot: renameWhyNot, act: rename },
    {
      key: 'pin',
      label: run.pinned ? 'Unpin' : 'Pin',
      icon: run.pinned ? IconPinnedOff : IconPin,
      whyNot: rights.pin ? undefined : pinWhyNot(run),
      act: () => deeds.pin.mutate(run),
    },
    { key: 'download', label: 'Download logs', icon: IconDownload, address: logAddress(run.id) },
    {
      key: 'stop',
      label: 'Stop…',
      icon: IconPlayerStop,
      grave: true,
      whyNot: isOver(run) && !workGoesOn(run) ? over : end,
      act: () => askToStop(run, () => deeds.stop.mutate(run)),
    },
    {
      key: 'fail',
      label: 'Mark as failed…',
      icon: IconFlag,
      grave: true,
      whyNot: isOver(run) ? 'Its status is final' : end,
      act: () => askToFail(run, () => deeds.fail.mutate(run)),
    },
    ...(admin && mayHoldForEver(run)
      ? [
          {
            key: 'release',
            label: 'Release its slot…',
            icon: IconLockOpen,
            grave: true,
            act: () => askToRelease(run, () => deeds.release.mutate(run)),
          } as const,
        ]
      : []),
  ];
}

/** Why an action cannot be done: what is known of it, else what the server says of the operator that it runs. */
export function useWhyNot({ whyNot, runs }: Pick<Action, 'whyNot' | 'runs'>): string | undefined {
  const { data } = useQuery({ ...operatorQuery(runs?.operator ?? '', runs?.dataset), enabled: runs !== undefined });
  if (data === null) return 'Its operator is not installed any more';
  return whyNot ?? data?.why_not ?? undefined;
}

/** Whether nobody can say any more if the work goes on, or it should have ended. */
function mayHoldForEver(run: RunItem | Run): boolean {
  return run.work.state === 'unknown' || workGoesOn(run);
}

function askToRelease(run: RunItem | Run, act: () => void) {
  confirm({
    title: `Release the slot of “${nameOf(run)}”?`,
    effect:
      'Another run may take its slot at once. Do this only if you know that its work has ended: nothing is asked to end, and if it still goes on, more runs at once than the quota allows.',
    verb: 'Release slot',
    act,
  });
}

function pinWhyNot(run: RunItem | Run): string {
  return run.dataset_id ? 'Needs Can edit on the dataset' : 'Pins belong to a dataset, and it has none';
}

function askToStop(run: RunItem | Run, act: () => void) {
  const begun = run.status === 'running' || workGoesOn(run);
  confirm({
    title: `Stop “${nameOf(run)}”?`,
    effect: begun
      ? 'Its work is asked to end, and made to after ten seconds. What it has done so far stays done.'
      : 'It has not begun, and never will. Its status becomes Failed.',
    verb: 'Stop run',
    act,
  });
}

function askToFail(run: RunItem | Run, act: () => void) {
  confirm({
    title: `Mark “${nameOf(run)}” as failed?`,
    effect:
      run.status === 'scheduled'
        ? 'It will never begin. Its status becomes Failed and stays so.'
        : 'Its status becomes Failed and stays so, whatever its work does. The work itself goes on and holds its slot until it has ended; to end it too, stop the run instead.',
    verb: 'Mark as failed',
    act,
  });
}
