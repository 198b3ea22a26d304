import { Outlet, useRouterState } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { LinkTab, LinkTabs } from '@/components/LinkTabs.tsx';
import { Page } from '@/components/Page.tsx';
import { NewAccountButton } from '@/components/team/EditAccount.tsx';
import { NewGroupButton } from '@/components/team/EditGroup.tsx';
import { InviteButton } from '@/components/team/Invite.tsx';

/** What makes one more of what a page lists. */
const actions: Record<string, ReactNode> = {
  '/team/users': <InviteButton />,
  '/team/groups': <NewGroupButton />,
  '/team/service-accounts': <NewAccountButton />,
  '/team/invitations': <InviteButton />,
};

/** The frame of the lists about people. */
export function TeamFrame() {
  const path = useRouterState({ select: (s) => s.location.pathname });
  return (
    <Page title="Team" lead="Who may use Signalbox, and as what." actions={actions[path]} wide>
      <LinkTabs label="Team">
        <LinkTab to="/team/users">Users</LinkTab>
        <LinkTab to="/team/groups">Groups</LinkTab>
        <LinkTab to="/team/service-accounts">Service accounts</LinkTab>
        <LinkTab to="/team/invitations">Invitations</LinkTab>
      </LinkTabs>
      <Outlet />
    </Page>
  );
}
