import { Tabs } from '@mantine/core';
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { InviteButton } from '@/components/team/Invite.tsx';
import { Page } from '@/components/Page.tsx';

const tabs = { users: 'Members', invitations: 'Invitations' } as const;
type Tab = keyof typeof tabs;
const names = Object.keys(tabs) as Tab[];

/** The frame of the pages about people. */
export function TeamFrame() {
  const navigate = useNavigate();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const shown = names.find((tab) => path.endsWith(`/${tab}`)) ?? null;
  const go = (to: string | null) => {
    const tab = names.find((t) => t === to);
    if (tab) void navigate({ to: `/team/${tab}` });
  };
  return (
    <Page title="Team" lead="Who may use Signalbox, and as what." actions={<InviteButton />} wide>
      <Tabs value={shown} onChange={go} keepMounted={false}>
        <Tabs.List>
          {names.map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {tabs[tab]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {shown && (
          <Tabs.Panel value={shown} pt="md">
            <Outlet />
          </Tabs.Panel>
        )}
      </Tabs>
    </Page>
  );
}
