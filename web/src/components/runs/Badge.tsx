import { Popover, useDelayedHover } from '@mantine/core';
import { useState } from 'react';
import type { Status } from '@/services/runs.ts';
import { Why } from '@/components/runs/Why.tsx';
import classes from './Badge.module.css';

const words: Record<Status, string> = {
  scheduled: 'Scheduled',
  queued: 'Queued',
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
};

/** Where a run stands: never by colour alone. */
export function Badge({ status }: { status: Status }) {
  return (
    <span className={classes.badge} data-status={status}>
      <Sign status={status} />
      {words[status]}
    </span>
  );
}

/** The same, and on hover or focus why a run waits that does. */
export function WaitingBadge({ id, status }: WaitingProps) {
  if (status !== 'scheduled' && status !== 'queued') return <Badge status={status} />;
  return <Waiting id={id} status={status} />;
}

interface WaitingProps {
  id: string;
  status: Status;
}

function Waiting({ id, status }: WaitingProps) {
  const [shown, setShown] = useState<boolean>(); // not yet: a card of each row would cost more than all else of a list
  const { openDropdown: show, closeDropdown: hide } = useDelayedHover({
    open: () => setShown(true),
    close: () => setShown(false),
    openDelay: 150,
    closeDelay: 150,
  });
  return (
    <span className={classes.waiting} onPointerEnter={show} onPointerLeave={hide} onFocus={show} onBlur={hide}>
      <button type="button" aria-label={`${words[status]}: why it waits`}>
        <Badge status={status} />
      </button>
      {shown !== undefined && <Card id={id} shown={shown} show={show} hide={hide} />}
    </span>
  );
}

interface CardProps {
  id: string;
  shown: boolean;
  show: () => void;
  hide: () => void;
}

function Card({ id, shown, show, hide }: CardProps) {
  return (
    <Popover opened={shown} onDismiss={hide} width={320} position="bottom-start" shadow="md" withinPortal>
      <Popover.Target>
        <span className={classes.place} />
      </Popover.Target>
      <Popover.Dropdown onPointerEnter={show} onPointerLeave={hide}>
        <Why id={id} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Sign({ status }: { status: Status }) {
  return (
    <svg className={classes.sign} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path d={signs[status]} />
      {status === 'queued' && <path className={classes.filled} d="M7 7V2a5 5 0 0 1 5 5z" />}
    </svg>
  );
}

const ring = 'M7 1.8a5.2 5.2 0 1 1 0 10.4a5.2 5.2 0 1 1 0-10.4z';
const signs: Record<Status, string> = {
  scheduled: ring,
  queued: ring,
  running: 'M7 1.8a5.2 5.2 0 1 1-5.2 5.2',
  completed: 'M2.2 7.6l3.2 3.2l6.4-7.2',
  failed: 'M3 3l8 8M11 3l-8 8',
};
