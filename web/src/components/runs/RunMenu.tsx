import { ActionIcon, Menu, Text } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import type { Action } from '@/components/runs/actions.tsx';

/** What can be done with a run, behind three dots. */
export function RunMenu({ actions, name }: { actions: Action[]; name: string }) {
  return (
    <Menu position="bottom-end" width={240} withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${name}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map((action) => (
          <Entry key={action.key} action={action} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Entry({ action: { label, icon: Icon, whyNot, grave, act, address } }: { action: Action }) {
  const leftSection = <Icon size={16} aria-hidden />;
  if (address !== undefined) {
    return (
      <Menu.Item component="a" href={address} download leftSection={leftSection}>
        {label}
      </Menu.Item>
    );
  }
  const color = grave && whyNot === undefined ? { color: 'red' } : {};
  return (
    <Menu.Item {...color} leftSection={leftSection} disabled={whyNot !== undefined} onClick={() => act?.()}>
      {label}
      {whyNot !== undefined && <Text size="xs">{whyNot}</Text>}
    </Menu.Item>
  );
}
