import {
  IconDownload,
  IconFlag,
  IconPencil,
  IconPin,
  IconPinnedOff,
  IconPlayerStop,
  IconRepeat,
  type Icon,
} from '@tabler/icons-react';
import { confirm } from '@/components/confirm.tsx';
import { useRunDeeds } from '@/components/runs/deeds.tsx';
import type { Dataset } from '@/services/datasets.ts';
import { useMe } from '@/services/me.ts';
import { isOver, logAddress, nameOf, rightsOn, type Run, type RunItem, workGoesOn } from '@/services/runs.ts';

/** Something that can be done with a run. */
export interface Action {
  key: 'rerun' | 'rename' | 'pin' | 'download' | 'stop' | 'fail';
  label: string;
  icon: Icon;
  whyNot?: string | undefined; // why it cannot be done now, or not by who looks
  grave?: boolean;
  act?: () => void;
  address?: string; // what it does is to open this
}

/** What can be done with a run. `rename` begins to; without it there is no such action. */
export function useRunActions(run: RunItem | Run, dataset: Dataset | undefined, rename?: () => void): Action[] {
  const rights = rightsOn(run, useMe(), dataset);
  const deeds = useRunDeeds();
  const end = !rights.end ? 'Needs Can manage on the dataset, or a run of your own' : undefined;
  const edit = !rights.rename ? 'Needs Can edit on the dataset, or a run of your own' : undefined;
  const over = 'It is over, and so is its work';
  return [
    { key: 'rerun', label: 'Re-run', icon: IconRepeat, act: () => deeds.rerun.mutate(run) },
    ...(rename ? [{ key: 'rename', label: 'Rename', icon: IconPencil, whyNot: edit, act: rename } as const] : []),
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
  ];
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
