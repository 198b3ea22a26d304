import { Anchor, type AnchorProps } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface Props extends AnchorProps {
  to: string;
  children: ReactNode;
}

/** A link that leads elsewhere. Addresses come from other systems: only http and https are links, others are text. */
export function Outward({ to, children, ...rest }: Props) {
  if (!isWeb(to)) return <>{children}</>;
  return (
    <Anchor href={to} target="_blank" rel="noopener noreferrer" {...rest}>
      {children} <IconExternalLink size="0.9em" aria-label="(elsewhere)" />
    </Anchor>
  );
}

/** Tells whether an address is one of http or https. */
export function isWeb(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
}
