import { Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Page } from '@/components/Page.tsx';
import { Appearance } from '@/components/profile/Appearance.tsx';
import { KeyTable } from '@/components/profile/KeyTable.tsx';
import { MakeKey } from '@/components/profile/MakeKey.tsx';
import { EndOthers, SessionTable } from '@/components/profile/SessionTable.tsx';
import type { Key, Session } from '@/services/keys.ts';
import { type Me, type Settings, useMe } from '@/services/me.ts';

interface Props {
  keys: Key[];
  sessions: Session[];
  settings: Settings;
}

/** What somebody has of his own: his keys, his sessions, and how pages look to him. */
export function Profile({ keys, sessions, settings }: Props) {
  const me = useMe();
  return (
    <Page title="Profile" lead={`${me.name} · ${me.email || me.kind} · ${me.role}`}>
      <Stack gap="xl">
        <Section
          title="API keys"
          lead="A program with a key may do all that you may. Keep it secret."
          action={<MakeKey whyNot={whyNoKeys(me, settings)} />}
        >
          <KeyTable keys={keys} />
        </Section>
        <Section
          title="Sessions"
          lead="Where you are logged in."
          action={<EndOthers count={sessions.filter((s) => !s.current).length} />}
        >
          <SessionTable sessions={sessions} />
        </Section>
        <Section title="Appearance" lead="Remembered by this browser.">
          <Appearance />
        </Section>
      </Stack>
    </Page>
  );
}

/** Why somebody may make no keys, if he may not. */
export function whyNoKeys(me: Pick<Me, 'role'>, settings: Pick<Settings, 'api_key_roles'>): string | undefined {
  if (settings.api_key_roles.some((role) => role === me.role)) return undefined;
  return `API keys are not open to the role ${me.role}. An admin can change that.`;
}

function Section({
  title,
  lead,
  action,
  children,
}: {
  title: string;
  lead: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-label={title}>
      <Group justify="space-between" mb="sm">
        <div>
          <Title order={2} size="h4">
            {title}
          </Title>
          <Text size="sm" c="dimmed">
            {lead}
          </Text>
        </div>
        {action}
      </Group>
      {children}
    </section>
  );
}
