import { Group as Row, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Ago } from '@/components/Ago.tsx';
import { KeyTable } from '@/components/keys/KeyTable.tsx';
import { MakeKey } from '@/components/keys/MakeKey.tsx';
import { Page } from '@/components/Page.tsx';
import { Section } from '@/components/Section.tsx';
import { AccountRole } from '@/components/team/AccountRole.tsx';
import { Back } from '@/components/team/Back.tsx';
import { ChangeAccountButton } from '@/components/team/EditAccount.tsx';
import { RemoveAccount } from '@/components/team/RemoveAccount.tsx';
import { Memberships, Reach } from '@/components/team/Standing.tsx';
import type { Account } from '@/services/accounts.ts';
import type { Key, Owner } from '@/services/keys.ts';
import { settingsQuery } from '@/services/me.ts';

/** One service account: its keys, its role, its groups, and what it reaches. */
export function AccountPage({ account, keys }: { account: Account; keys: Key[] }) {
  const navigate = useNavigate();
  const owner = useMemo<Owner>(() => ({ account: account.id }), [account.id]);
  const { data: settings } = useQuery(settingsQuery);
  const mute = settings?.api_key_roles.some((role) => role === account.role) === false;
  return (
    <Page
      title={account.name}
      lead={account.description || undefined}
      above={<Back to="/team/service-accounts">Service accounts</Back>}
      actions={
        <Row gap="xs">
          <ChangeAccountButton account={account} />
          <RemoveAccount account={account} then={() => void navigate({ to: '/team/service-accounts' })} />
        </Row>
      }
    >
      <Row gap="sm" mb="lg">
        <AccountRole account={account} />
        <Text size="sm" c="dimmed">
          Made <Ago at={account.created_at} />
        </Text>
      </Row>
      <Stack gap="xl">
        <Section
          title="API keys"
          lead="A program with one of them may do all that this account may."
          actions={
            <MakeKey
              owner={owner}
              whyNot={mute ? `API keys are not open to the role ${account.role}: give it another one` : undefined}
            />
          }
        >
          <KeyTable owner={owner} keys={keys} />
        </Section>
        <Memberships who={account} groups={account.groups} />
        <Reach who={account} />
      </Stack>
    </Page>
  );
}
