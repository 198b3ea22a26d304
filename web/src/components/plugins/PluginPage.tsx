import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Outward } from '@/components/Outward.tsx';
import { Page } from '@/components/Page.tsx';
import { Environments } from '@/components/plugins/Environments.tsx';
import { Operators } from '@/components/plugins/Operators.tsx';
import { PluginSwitch } from '@/components/plugins/PluginSwitch.tsx';
import { Revisions } from '@/components/plugins/Revisions.tsx';
import { useUninstall } from '@/components/plugins/uninstall.tsx';
import { archiveAddress, type Plugin } from '@/services/plugins.ts';

/** One plugin: who may run its operators, and its versions. */
export function PluginPage({ plugin }: { plugin: Plugin }) {
  return (
    <Page title={plugin.name} wide lead={plugin.description || undefined} actions={<Actions plugin={plugin} />}>
      <Stack gap="lg">
        <About plugin={plugin} />
        <section>
          <Title order={2} size="h4" mb="xs">
            Operators
          </Title>
          <Text size="sm" c="dimmed" mb="xs">
            Who runs one needs both: the role in the organisation, and the permission on the dataset.
          </Text>
          <Operators plugin={plugin} />
        </section>
        <Environments plugin={plugin} />
        <section>
          <Title order={2} size="h4" mb="xs">
            Versions
          </Title>
          <Revisions plugin={plugin} />
        </section>
      </Stack>
    </Page>
  );
}

function About({ plugin }: { plugin: Plugin }) {
  const facts = [
    plugin.version && `Version ${plugin.version}`,
    plugin.author && `by ${plugin.author}`,
    plugin.license,
    plugin.fiftyone_version && `needs FiftyOne ${plugin.fiftyone_version}`,
    plugin.panels.length > 0 && `${plugin.panels.length} panels, which show in FiftyOne alone`,
  ].filter(Boolean);
  return (
    <Group gap="sm">
      <PluginSwitch plugin={plugin} />
      <Text size="sm">{plugin.enabled ? 'Enabled' : 'Disabled: nobody can schedule its operators'}</Text>
      <Text size="sm" c="dimmed">
        {facts.join(' · ')}
      </Text>
      {plugin.url && (
        <Outward to={plugin.url} size="sm">
          {plugin.url}
        </Outward>
      )}
    </Group>
  );
}

function Actions({ plugin }: { plugin: Plugin }) {
  const navigate = useNavigate();
  const uninstall = useUninstall(plugin, () => void navigate({ to: '/plugins' }));
  return (
    <Group gap="xs">
      <Button component="a" href={archiveAddress(plugin.id)} download variant="default" size="sm">
        Download ZIP
      </Button>
      <Button variant="light" color="red" size="sm" onClick={uninstall}>
        Uninstall…
      </Button>
    </Group>
  );
}
