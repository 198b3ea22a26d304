import { Badge, Group as Row, Stack, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Ago } from '@/components/Ago.tsx';
import { Page } from '@/components/Page.tsx';
import { Back } from '@/components/team/Back.tsx';
import { RemoveUser } from '@/components/team/RemoveUser.tsx';
import { Memberships, Reach } from '@/components/team/Standing.tsx';
import { UserRole } from '@/components/team/UserRole.tsx';
import { LastLogin } from '@/components/team/Users.tsx';
import { UserSessions } from '@/components/team/UserSessions.tsx';
import { useMe } from '@/services/me.ts';
import type { User } from '@/services/people.ts';

/** One user: his role, his groups, and what he reaches. */
export function UserPage({ user }: { user: User }) {
  const navigate = useNavigate();
  const me = useMe();
  return (
    <Page
      title={user.name}
      lead={user.email || undefined}
      above={<Back to="/team/users">Users</Back>}
      actions={<RemoveUser user={user} then={() => void navigate({ to: '/team/users' })} />}
    >
      <Row gap="sm" mb="lg">
        <UserRole user={user} />
        {user.id === me.id && (
          <Badge variant="default" tt="none">
            You
          </Badge>
        )}
        <Text size="sm" c="dimmed">
          Last login: <LastLogin user={user} /> · Here since <Ago at={user.created_at} />
        </Text>
      </Row>
      <Stack gap="xl">
        <Memberships who={user} groups={user.groups} />
        <Reach who={user} />
        <UserSessions user={user} />
      </Stack>
    </Page>
  );
}
