import { Anchor, type AnchorProps } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

interface Props extends AnchorProps {
  run: { id: string };
  children: ReactNode;
}

/** A link to a run's page. */
export function RunLink({ run, children, ...rest }: Props) {
  return (
    <Anchor {...rest} renderRoot={(props) => <Link {...props} to="/runs/$id" params={{ id: run.id }} />}>
      {children}
    </Anchor>
  );
}
