import { ActionIcon, Anchor, Menu, Text } from '@mantine/core';
import { IconDots, IconDownload, IconTrash } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Ago } from '@/components/Ago.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { MenuButton, MenuDeed } from '@/components/MenuButton.tsx';
import { PluginSwitch } from '@/components/plugins/PluginSwitch.tsx';
import { useUninstall } from '@/components/plugins/uninstall.tsx';
import { archiveAddress, type Plugin } from '@/services/plugins.ts';

const columns: Columns<Plugin> = [
  { header: 'Name', accessorKey: 'name', cell: ({ row }) => <Name plugin={row.original} /> },
  { header: 'Version', accessorKey: 'version', cell: ({ row }) => row.original.version || '–' },
  {
    header: 'Operators',
    accessorFn: (plugin) => plugin.operators.length,
    cell: ({ row }) => <Count of={row.original} />,
  },
  { header: 'Enabled', accessorKey: 'enabled', cell: ({ row }) => <PluginSwitch plugin={row.original} /> },
  { header: 'Changed', accessorKey: 'updated_at', cell: ({ row }) => <Ago at={row.original.updated_at} /> },
  { id: 'menu', header: 'Actions', cell: ({ row }) => <PluginMenu plugin={row.original} /> },
];

/** The plugins that are installed. */
export function PluginList({ plugins }: { plugins: Plugin[] }) {
  return (
    <DataTable
      label="Plugins"
      rows={plugins}
      columns={columns}
      empty="No plugins yet. Drop a ZIP here to install one."
    />
  );
}

function Name({ plugin }: { plugin: Plugin }) {
  return (
    <>
      <Anchor
        size="sm"
        fw={600}
        renderRoot={(props) => <Link {...props} to="/plugins/$id" params={{ id: plugin.id }} />}
      >
        {plugin.name}
      </Anchor>
      <Text size="xs" c="dimmed" lineClamp={1} maw={480}>
        {plugin.description}
      </Text>
    </>
  );
}

function Count({ of }: { of: Plugin }) {
  const off = of.operators.filter((o) => !o.enabled).length;
  const lacking = of.operators.filter((o) => o.not_loadable !== null).length;
  return (
    <>
      {of.operators.length}
      {off > 0 && (
        <Text span size="xs" c="dimmed">
          {` (${off} disabled)`}
        </Text>
      )}
      {lacking > 0 && (
        <Text size="xs" c="var(--sb-failed)">
          {lacking} not loadable
        </Text>
      )}
    </>
  );
}

function PluginMenu({ plugin }: { plugin: Plugin }) {
  const uninstall = useUninstall(plugin);
  const label = `Actions for ${plugin.name}`;
  return (
    <MenuButton
      label={label}
      position="bottom-end"
      width={200}
      button={(props) => (
        <ActionIcon {...props} variant="subtle" color="gray" aria-label={label}>
          <IconDots size={18} />
        </ActionIcon>
      )}
    >
      <Menu.Item
        component="a"
        href={archiveAddress(plugin.id)}
        download
        leftSection={<IconDownload size={16} aria-hidden />}
      >
        Download ZIP
      </Menu.Item>
      <MenuDeed color="red" leftSection={<IconTrash size={16} aria-hidden />} act={uninstall}>
        Uninstall…
      </MenuDeed>
    </MenuButton>
  );
}
