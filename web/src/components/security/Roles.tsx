import { Anchor, Table, Text, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconMinus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Cell, StackTable } from '@/components/StackTable.tsx';
import { permissionWord } from '@/services/datasets.ts';
import { roleWord, useMe } from '@/services/me.ts';
import type { RoleRow } from '@/services/settings.ts';
import classes from './Roles.module.css';

const rights: { words: string; more?: string; shows: (role: RoleRow) => ReactNode }[] = [
  {
    words: 'Administer',
    more: 'Users, groups, service accounts, settings, plugins, orchestrators, the audit log',
    shows: (r) => <Tick on={r.administer} />,
  },
  { words: 'Create datasets', shows: (r) => <Tick on={r.create_dataset} /> },
  { words: 'Clone datasets', more: 'That the role sees', shows: (r) => <Tick on={r.clone_dataset} /> },
  { words: 'Export datasets', more: 'That the role sees', shows: (r) => <Tick on={r.export_dataset} /> },
  { words: 'Gets a dataset’s default access', more: 'Without a grant', shows: (r) => <Tick on={r.default_access} /> },
  { words: 'Most on a dataset', shows: (r) => permissionWord(r.highest_dataset_permission) },
  {
    words: 'May be granted',
    shows: (r) => (r.administer ? 'Needs no grant' : r.may_be_granted.map(permissionWord).join(', ')),
  },
  { words: 'Sees other people’s runs', more: 'A setting', shows: (r) => <Tick on={r.all_runs} /> },
  { words: 'May use API keys', more: 'A setting', shows: (r) => <Tick on={r.api_keys} /> },
];

/** What each role may do, as it is enforced. */
export function Roles({ roles }: { roles: RoleRow[] }) {
  const me = useMe();
  return (
    <>
      <div className={classes.frame}>
        <StackTable label="What each role may do" columns={1 + roles.length} bordered verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th className={classes.right ?? ''}>Right</Table.Th>
              {roles.map((r) => (
                <Table.Th key={r.role} data-mine={r.role === me.role || undefined}>
                  {roleWord(r.role)}
                  {r.role === me.role && (
                    <Text span size="xs" c="dimmed" fw={400}>
                      {' '}
                      (you)
                    </Text>
                  )}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rights.map(({ words, more, shows }) => (
              <Table.Tr key={words}>
                <Table.Th scope="row" className={classes.right ?? ''}>
                  {words}
                  {more && (
                    <Text size="xs" c="dimmed" fw={400}>
                      {more}
                    </Text>
                  )}
                </Table.Th>
                {roles.map((r) => (
                  <Cell key={r.role} label={roleWord(r.role)} mine={r.role === me.role}>
                    {shows(r)}
                  </Cell>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </StackTable>
      </div>
      <Text size="sm" c="dimmed" mt="sm">
        A role caps what somebody may do with a dataset, whatever he or his groups were granted. The two settings are
        under{' '}
        <Anchor component={Link} to="/security/defaults" size="sm" underline="always">
          Defaults
        </Anchor>
        .
      </Text>
    </>
  );
}

function Tick({ on }: { on: boolean }) {
  return (
    <>
      {on ? (
        <IconCheck size={18} aria-hidden color="var(--sb-completed)" />
      ) : (
        <IconMinus size={18} aria-hidden opacity={0.5} />
      )}
      <VisuallyHidden>{on ? 'Yes' : 'No'}</VisuallyHidden>
    </>
  );
}
