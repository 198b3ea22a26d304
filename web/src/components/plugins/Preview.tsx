import { Alert, Button, Code, Group, List, Loader, Modal, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useDeed } from '@/components/deed.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { installPlugin, type Installation, previewPlugin } from '@/services/plugins.ts';

interface Props {
  archive: File;
  close: () => void;
}

/** What an archive would change, and the button that does it. */
export function Preview({ archive, close }: Props) {
  const { data, error } = useQuery({
    queryKey: [
      'preview', // sends the archive: what changes of plugins does not send it again
      archive.name,
      archive.size,
      archive.lastModified,
    ],
    queryFn: () => previewPlugin(archive),
    gcTime: 0,
    staleTime: 0,
  });
  return (
    <Modal opened onClose={close} title={data ? titleOf(data) : `Install ${archive.name}`} size="lg">
      {error && <Trouble error={error} what="This is no plugin that could be installed" />}
      {!error && !data && <Loader size="sm" aria-label="Looking at it" />}
      {data && <Changes of={data} />}
      <Buttons archive={archive} preview={data} close={close} />
    </Modal>
  );
}

function Buttons({ archive, preview, close }: Props & { preview: Installation | undefined }) {
  const install = useDeed({
    act: () => installPlugin(archive, preview?.created === false),
    refresh: [['plugins'], ['operators']],
    done: (now) => `${now.name} ${now.version} is installed.`,
    failed: `${preview?.name ?? archive.name} was not installed`,
  });
  const useful = preview !== undefined && !preview.unchanged;
  return (
    <Group justify="flex-end" mt="md">
      <Button variant="default" onClick={close} data-autofocus>
        {useful || !preview ? 'Cancel' : 'Close'}
      </Button>
      {useful && (
        <Button loading={install.isPending} onClick={() => install.mutate(undefined, { onSuccess: close })}>
          {preview.created ? 'Install' : 'Upgrade'}
        </Button>
      )}
    </Group>
  );
}

function titleOf(preview: Installation): string {
  if (preview.unchanged) return `“${preview.name}” is up to date`;
  return preview.created ? `Install “${preview.name}”?` : `Upgrade “${preview.name}”?`;
}

/** What an installation would change, in words. */
export function Changes({ of }: { of: Installation }) {
  if (of.unchanged) {
    return <Text size="sm">This very archive is installed as revision {of.revision}. There is nothing to do.</Text>;
  }
  return (
    <Stack gap="sm">
      <Text size="sm">
        {of.created ? 'A new plugin' : `Becomes revision ${of.revision}`}
        {of.version && `, version ${of.version}`}
        {of.author && `, by ${of.author}`}.
      </Text>
      {of.other_name && (
        <Alert color="yellow" icon={<IconAlertTriangle />} title="Its name is nearly that of another">
          “{of.other_name}” is installed already and stays as it is: this becomes a plugin beside it.
        </Alert>
      )}
      <Names title="Operators that come" names={of.operators_added} />
      <Names title="Operators that go" names={of.operators_removed} />
      {of.operators_added.length + of.operators_removed.length === 0 && (
        <Text size="sm">Its operators stay the same.</Text>
      )}
      {of.scheduled_runs > 0 && (
        <Text size="sm">
          {of.scheduled_runs === 1 ? 'One waiting run keeps' : `${of.scheduled_runs} waiting runs keep`} the revision
          before.
        </Text>
      )}
    </Stack>
  );
}

function Names({ title, names }: { title: string; names: string[] }) {
  if (names.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <List size="sm">
        {names.map((name) => (
          <List.Item key={name}>
            <Code>{name}</Code>
          </List.Item>
        ))}
      </List>
    </div>
  );
}
