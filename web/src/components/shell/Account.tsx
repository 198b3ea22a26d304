import { Avatar, Menu, Text, UnstyledButton } from '@mantine/core';
import { IconBook2, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { MenuButton } from '@/components/MenuButton.tsx';
import { leave } from '@/services/login.ts';
import { useMe } from '@/services/me.ts';

/** Who is logged in, and the way out. */
export function Account() {
  const me = useMe();
  const label = `Account of ${me.name}`;
  return (
    <MenuButton
      label={label}
      position="bottom-end"
      width={220}
      button={(props) => (
        <UnstyledButton {...props} aria-label={label}>
          <Avatar size={30} radius="xl" name={me.name} color="indigo.8" variant="filled" />
        </UnstyledButton>
      )}
    >
      <Menu.Label>
        <Text size="sm" fw={600} c="var(--mantine-color-text)" truncate>
          {me.name}
        </Text>
        <Text size="xs" truncate>
          {me.email || me.kind} · {me.role}
        </Text>
      </Menu.Label>
      <Menu.Divider />
      <Menu.Item component={Link} to="/profile" leftSection={<IconUserCircle size={16} />}>
        Profile and API keys
      </Menu.Item>
      <Menu.Item component="a" href="/docs" leftSection={<IconBook2 size={16} />}>
        API documentation
      </Menu.Item>
      <Menu.Item onClick={leave} leftSection={<IconLogout size={16} />}>
        Log out
      </Menu.Item>
    </MenuButton>
  );
}
