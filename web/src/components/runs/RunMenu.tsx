import { ActionIcon, Menu, Text } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useRef } from 'react';
import { type Action, useWhyNot } from '@/components/runs/actions.tsx';

/** What can be done with a run, behind three dots. */
export function RunMenu({ actions, name }: { actions: Action[]; name: string }) {
  // The menu gives the focus back to its button as it closes. What is done may take the focus, so it is done after that.
  const chosen = useRef<Action>(undefined);
  const act = () => {
    const action = chosen.current;
    chosen.current = undefined;
    action?.act?.();
  };
  return (
    <Menu position="bottom-end" width={240} withinPortal onExitTransitionEnd={act}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${name}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map((action) => (
          <Entry key={action.key} action={action} choose={() => (chosen.current = action)} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface EntryProps {
  action: Action;
  choose: () => void;
}

function Entry({ action, choose }: EntryProps) {
  const { label, icon: Icon, grave, address } = action;
  const whyNot = useWhyNot(action);
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
    <Menu.Item {...color} leftSection={leftSection} disabled={whyNot !== undefined} onClick={choose}>
      {label}
      {whyNot !== undefined && <Text size="xs">{whyNot}</Text>}
    </Menu.Item>
  );
}
