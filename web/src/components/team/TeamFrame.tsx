import { Tabs } from '@mantine/core';
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Page } from '@/components/Page.tsx';
import { NewAccountButton } from '@/components/team/EditAccount.tsx';
import { NewGroupButton } from '@/components/team/EditGroup.tsx';
import { InviteButton } from '@/components/team/Invite.tsx';

const tabs = ['users', 'groups', 'service-accounts', 'invitations'] as const;
type Tab = (typeof tabs)[number];

const words: Record<Tab, string> = {
  users: 'Users',
  groups: 'Groups',
  'service-accounts': 'Service accounts',
  invitations: 'Invitations',
};

const actions: Record<Tab, ReactNode> = {
  users: <InviteButton />,
  groups: <NewGroupButton />,
  'service-accounts': <NewAccountButton />,
  invitations: <InviteButton />,
};

/** The frame of the lists about people. */
export function TeamFrame() {
  const navigate = useNavigate();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const shown = tabs.find((tab) => path.endsWith(`/${tab}`));
  const go = (to: string | null) => {
    const tab = tabs.find((t) => t === to);
    if (tab) void navigate({ to: `/team/${tab}` });
  };
  return (
    <Page title="Team" lead="Who may use Signalbox, and as what." actions={shown && actions[shown]} wide>
      <Tabs value={shown ?? null} onChange={go} keepMounted={false}>
        <Tabs.List mb="md">
          {tabs.map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {words[tab]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {shown && (
          <Tabs.Panel value={shown}>
            <Outlet />
          </Tabs.Panel>
        )}
      </Tabs>
    </Page>
  );
}
