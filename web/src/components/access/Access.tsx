import { Group, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useAccessDeeds } from '@/components/access/deeds.tsx';
import { Holders } from '@/components/access/Holders.tsx';
import { Invitations } from '@/components/access/Invitations.tsx';
import { MyAccess } from '@/components/access/MyAccess.tsx';
import { Share } from '@/components/access/Share.tsx';
import { DatasetPicker, DatasetTabs } from '@/components/DatasetTabs.tsx';
import { Page } from '@/components/Page.tsx';
import { Searching } from '@/components/Searching.tsx';
import { allows, type Dataset, type Permission, permissions, permissionWord } from '@/services/datasets.ts';

interface Props {
  dataset: Dataset;
  search: { q?: string | undefined; cursor?: string | undefined };
}

/** Who has access to a dataset: to those who manage it; to others, what they may do there themselves. */
export function Access({ dataset, search }: Props) {
  const manages = allows(dataset.my_permission, 'manage');
  return (
    <Page
      title="Access"
      wide
      lead={manages ? `Who may do what with ${dataset.name}.` : `What you may do with ${dataset.name}.`}
      actions={<DatasetPicker dataset={dataset} page="access" />}
    >
      <DatasetTabs dataset={dataset} />
      {manages ? <Managed dataset={dataset} search={search} /> : <MyAccess dataset={dataset} />}
    </Page>
  );
}

function Managed({ dataset, search }: Props) {
  const navigate = useNavigate();
  const go = (to: Props['search'], replace: boolean) =>
    void navigate({ to: '.', search: (before) => ({ ...before, ...to }), replace });
  return (
    <Stack gap="lg">
      <DefaultAccess dataset={dataset} />
      <section>
        <Group justify="space-between" mb="xs" align="flex-end">
          <Title order={2} size="h4">
            People and groups with access
          </Title>
          <Group gap="xs" flex="1 1 300px" justify="flex-end" wrap="nowrap">
            <Searching
              label="Search who has access"
              placeholder="Name or email"
              text={search.q}
              find={(q) => go({ q, cursor: undefined }, true)}
            />
            <Share dataset={dataset} />
          </Group>
        </Group>
        <Holders
          dataset={dataset}
          filter={{ search: search.q, cursor: search.cursor }}
          onPage={(cursor) => go({ cursor }, false)}
        />
      </section>
      <Invitations dataset={dataset} />
    </Stack>
  );
}

const choices = permissions.map((value) => ({ value, label: permissionWord(value) }));

/** What every member has without a grant, changed once the effect was shown. */
function DefaultAccess({ dataset }: { dataset: Dataset }) {
  const { askDefault, busy } = useAccessDeeds(dataset);
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        Default access
      </Title>
      <Group gap="sm">
        <NativeSelect
          size="xs"
          w={160}
          aria-label="Default access"
          data={choices}
          aria-busy={busy} // not disabled: the focus stays here
          value={dataset.default_permission}
          onChange={(e) => askDefault(e.currentTarget.value as Permission)}
        />
        <Text size="sm" c="dimmed">
          What every member has without being granted anything. Collaborators, labelers and guests need a grant.
        </Text>
      </Group>
    </section>
  );
}
