import { Tabs } from '@mantine/core';
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Page } from '@/components/Page.tsx';
import { Strip } from '@/components/run/Strip.tsx';
import { Timeline } from '@/components/run/Timeline.tsx';
import { Truth } from '@/components/run/Truth.tsx';
import { nameOf, type Run } from '@/services/runs.ts';
import classes from './run.module.css';

const tabs = ['input', 'output', 'errors', 'logs', 'view', 'events'] as const;
type Tab = (typeof tabs)[number];

/** The frame of a run's page: how it stands, what can be done, and the tabs. */
export function RunFrame({ run }: { run: Run }) {
  const navigate = useNavigate();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const shown = tabs.find((tab) => path.endsWith(`/${tab}`)) ?? null;
  const go = (to: string | null) => {
    const tab = tabs.find((t) => t === to);
    if (tab) void navigate({ to: `/runs/$id/${tab}`, params: { id: run.id }, resetScroll: false });
  };
  return (
    <Page title={nameOf(run)} bare wide>
      <Strip run={run} />
      <Timeline run={run} />
      <Truth run={run} />
      <Tabs value={shown} onChange={go} keepMounted={false} mt="md">
        <Tabs.List className={classes.tabs ?? ''}>
          {tabsOf(run).map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {words[tab]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {shown && (
          <Tabs.Panel value={shown} pt="md">
            <Outlet />
          </Tabs.Panel>
        )}
      </Tabs>
      {!shown && <Outlet />}
    </Page>
  );
}

const words: Record<Tab, string> = {
  input: 'Input',
  output: 'Output',
  errors: 'Errors',
  logs: 'Logs',
  view: 'View',
  events: 'Events',
};

/** Errors come first, and only where there are any. */
export function tabsOf(run: Run): Tab[] {
  const rest = tabs.filter((tab) => tab !== 'errors');
  return run.failure ? ['errors', ...rest] : rest;
}
