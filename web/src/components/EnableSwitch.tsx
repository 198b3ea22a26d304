import { Switch } from '@mantine/core';
import { confirm } from '@/components/confirm.tsx';

interface Props {
  name: string;
  enabled: boolean;
  pending: boolean;
  /** What it has for an effect to disable it. */
  effect: string;
  act: () => void;
}

/** Enables a thing; before it disables one, it asks. */
export function EnableSwitch({ name, enabled, pending, effect, act }: Props) {
  const disable = () => confirm({ title: `Disable “${name}”?`, effect, verb: 'Disable', act });
  const change = () => {
    if (pending) return; // but not disabled: the focus stays here
    if (enabled) disable();
    else act();
  };
  return <Switch checked={enabled} aria-busy={pending} onChange={change} aria-label={`${name} is enabled`} />;
}
