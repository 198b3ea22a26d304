import { Outlet } from '@tanstack/react-router';
import { LinkTab, LinkTabs } from '@/components/LinkTabs.tsx';
import { Page } from '@/components/Page.tsx';
import { isAdmin, useMe } from '@/services/me.ts';

/** The frame of the pages about who may do what, and who did. */
export function SecurityFrame() {
  const admin = isAdmin(useMe());
  return (
    <Page title="Security" wide lead="What each role may do, what new things begin with, and who did what.">
      <LinkTabs label="Security">
        <LinkTab to="/security/roles">Roles</LinkTab>
        <LinkTab to="/security/defaults">Defaults</LinkTab>
        {admin && <LinkTab to="/security/sessions">Sessions</LinkTab>}
        {admin && <LinkTab to="/security/audit">Audit log</LinkTab>}
      </LinkTabs>
      <Outlet />
    </Page>
  );
}
