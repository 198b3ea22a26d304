import { Link, type LinkProps, useRouterState } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import classes from './LinkTabs.module.css';

/** Pages that belong together, as tabs that are links. */
export function LinkTabs({ label, children }: { label: string; children: ReactNode }) {
  const tabs = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (s) => s.resolvedLocation?.pathname });
  useEffect(() => {
    tabs.current?.querySelector('[data-status=active]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [path]);
  return (
    <nav aria-label={label} className={classes.tabs} ref={tabs}>
      {children}
    </nav>
  );
}

/** One of them. */
export function LinkTab(props: LinkProps) {
  return <Link {...props} className={classes.tab} />;
}
