import { Tooltip, UnstyledButton } from '@mantine/core';
import { useAutoRefresh } from '@/services/live.ts';
import { useStreamState } from '@/services/stream.ts';
import classes from './Shell.module.css';

const words = {
  live: { label: 'Live', hint: 'What you see is kept up to date. Press to switch auto-refresh off.' },
  away: { label: 'Reconnecting', hint: 'The server cannot be heard just now. What you see may be old.' },
  off: { label: 'Paused', hint: 'Auto-refresh is off. Press to switch it on.' },
};

/** Whether what is shown is up to date, and the switch of auto-refresh. */
export function Pulse() {
  const [on, setOn] = useAutoRefresh();
  const stream = useStreamState();
  const state = !on ? 'off' : stream === 'open' ? 'live' : 'away';
  return (
    <Tooltip label={words[state].hint} multiline w={240}>
      <UnstyledButton
        className={classes.pulse ?? ''}
        data-state={state}
        role="switch"
        aria-checked={on}
        aria-label={`Auto-refresh: ${words[state].label}`}
        onClick={() => setOn(!on)}
      >
        <span className={classes.dot} />
        <span className={classes.word}>{words[state].label}</span>
      </UnstyledButton>
    </Tooltip>
  );
}
