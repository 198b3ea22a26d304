import { Button, Text } from '@mantine/core';
import { confirm } from '@/components/confirm.tsx';
import { useDeed } from '@/components/deed.ts';
import { type BulkAction, bulk, type RunItem } from '@/services/runs.ts';
import classes from './RunList.module.css';

interface Props {
  runs: RunItem[]; // those that are selected
  onAll: () => void;
  onNone: () => void;
}

/** What can be done with several runs at once. The server says of each whether it was done. */
export function BulkBar({ runs, onAll, onNone }: Props) {
  const deed = useDeed({
    act: (action: BulkAction) =>
      bulk(
        action,
        runs.map((r) => r.id),
      ),
    refresh: [['runs']],
    done: (answer) => outcome(answer.items),
    failed: 'Nothing was done',
  });
  if (runs.length === 0) return null;
  const these = runs.length === 1 ? '1 run' : `${runs.length} runs`;
  const ask = (action: 'stop' | 'fail') =>
    confirm({
      title: `${words[action].verb} ${these}?`,
      effect: words[action].effect,
      verb: words[action].verb,
      act: () => deed.mutate(action),
    });
  return (
    <div className={classes.bulk} role="toolbar" aria-label="Selected runs">
      <Text size="sm">{these} selected</Text>
      <Button size="compact-sm" variant="default" loading={deed.isPending} onClick={() => deed.mutate('rerun')}>
        Re-run
      </Button>
      <Button size="compact-sm" variant="default" disabled={deed.isPending} onClick={() => ask('stop')}>
        Stop…
      </Button>
      <Button size="compact-sm" variant="default" disabled={deed.isPending} onClick={() => ask('fail')}>
        Mark as failed…
      </Button>
      <Button size="compact-sm" variant="subtle" onClick={onAll}>
        Select the page
      </Button>
      <Button size="compact-sm" variant="subtle" color="gray" onClick={onNone}>
        Clear
      </Button>
    </div>
  );
}

const words = {
  stop: {
    verb: 'Stop',
    effect: 'Those that have begun are asked to end, and made to after ten seconds; the others never begin.',
  },
  fail: {
    verb: 'Mark as failed',
    effect:
      'Their status becomes Failed and stays so, whatever their work does. Work that has begun goes on and holds its slot until it has ended.',
  },
};

/** Such as "3 done. 1 not: it is over.", each reason once. */
export function outcome(items: { ok: boolean; detail?: string }[]): string {
  const refused = items.filter((i) => !i.ok);
  const done = `${items.length - refused.length} done.`;
  if (refused.length === 0) return done;
  const why = [...new Set(refused.map((i) => i.detail ?? 'no reason was given'))].join('; ');
  return `${done} ${refused.length} not: ${why}.`;
}
