import { useDeed } from '@/components/deed.ts';
import { RunLink } from '@/components/runs/RunLink.tsx';
import { changeRun, markFailed, nameOf, releaseRun, rerun, type Run, type RunItem, stopRun } from '@/services/runs.ts';

const refresh = [['runs']];

/** What people do with a run. Each tells its outcome where the page does not show it. */
export function useRunDeeds() {
  return {
    rerun: useDeed({
      act: (run: RunItem | Run) => rerun(run.id),
      refresh,
      done: (again) => (
        <>
          “{nameOf(again)}” is scheduled again. <RunLink run={again}>Open it</RunLink>
        </>
      ),
      failed: (run) => `“${nameOf(run)}” was not scheduled again`,
    }),
    rename: useDeed({
      act: ({ run, label }: { run: RunItem | Run; label: string }) => changeRun(run.id, { label }),
      refresh,
      failed: ({ run }) => `“${nameOf(run)}” was not renamed`,
    }),
    pin: useDeed({
      act: (run: RunItem | Run) => changeRun(run.id, { pinned: !run.pinned }),
      refresh,
      failed: (run) => `“${nameOf(run)}” was not ${run.pinned ? 'unpinned' : 'pinned'}`,
    }),
    stop: useDeed({
      act: (run: RunItem | Run) => stopRun(run.id),
      refresh,
      failed: (run) => `“${nameOf(run)}” was not stopped`,
    }),
    release: useDeed({
      act: (run: RunItem | Run) => releaseRun(run.id),
      refresh: [...refresh, ['orchestrators']],
      done: (run) => `The slot of “${nameOf(run)}” is free.`,
      failed: (run) => `The slot of “${nameOf(run)}” was not released`,
    }),
    fail: useDeed({
      act: (run: RunItem | Run) => markFailed(run.id),
      refresh,
      failed: (run) => `“${nameOf(run)}” was not marked as failed`,
    }),
  };
}
