import { Anchor, Stack, Text } from '@mantine/core';
import { KeyTable } from '@/components/keys/KeyTable.tsx';
import { MakeKey } from '@/components/keys/MakeKey.tsx';
import { Page } from '@/components/Page.tsx';
import { Appearance } from '@/components/profile/Appearance.tsx';
import { EndOthers, SessionTable } from '@/components/profile/SessionTable.tsx';
import { Times } from '@/components/profile/Times.tsx';
import { Section } from '@/components/Section.tsx';
import type { Key, Session } from '@/services/keys.ts';
import { type Me, type Role, roleMeaning, roleWord, type Settings, useMe } from '@/services/me.ts';

interface Props {
  keys: Key[];
  sessions: Session[];
  settings: Settings;
}

/** What somebody has of his own: his keys, his sessions, and how pages look to him. */
export function Profile({ keys, sessions, settings }: Props) {
  const me = useMe();
  return (
    <Page title="Profile" lead={[me.name, me.email].filter(Boolean).join(' · ')}>
      <Stack gap="xl">
        <Section title="Role">
          <Text size="sm">
            {roleWord(me.role)}. {roleMeaning[me.role as Role]}
          </Text>
          {me.groups.length > 0 && (
            <Text size="sm" mt={4}>
              Groups: {me.groups.map((group) => group.name).join(', ')}
            </Text>
          )}
        </Section>
        <Section
          title="API keys"
          lead="A program with a key may do all that you may. Keep it secret."
          actions={<MakeKey owner="me" whyNot={whyNoKeys(me, settings)} />}
        >
          <KeyTable owner="me" keys={keys} />
        </Section>
        <Section
          title="Sessions"
          lead="Where you are logged in."
          actions={<EndOthers count={sessions.filter((s) => !s.current).length} />}
        >
          <SessionTable sessions={sessions} />
        </Section>
        <Section title="Appearance" lead="Remembered by this browser.">
          <Appearance />
        </Section>
        <Section title="Times">
          <Times />
        </Section>
        <Anchor href="/docs" size="sm">
          What a program can do with a key: the documentation of the API
        </Anchor>
      </Stack>
    </Page>
  );
}

/** Why somebody may make no keys, if he may not. */
export function whyNoKeys(me: Pick<Me, 'role'>, settings: Pick<Settings, 'api_key_roles'>): string | undefined {
  if (settings.api_key_roles.some((role) => role === me.role)) return undefined;
  return `API keys are not open to the role ${me.role}. An admin can change that.`;
}
