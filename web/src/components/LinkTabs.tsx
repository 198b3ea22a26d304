import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import classes from './LinkTabs.module.css';

/** Pages that belong together, as tabs that are links. */
export function LinkTabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className={classes.tabs}>
      {children}
    </nav>
  );
}

/** One of them. */
export function LinkTab(props: LinkProps) {
  return <Link {...props} className={classes.tab} />;
}
