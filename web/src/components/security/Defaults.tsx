import { Alert, Button, Checkbox, Group, NativeSelect, Stack, Switch, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { changesOf, effectLines } from '@/components/security/changes.ts';
import { useDeed } from '@/components/deed.ts';
import { foretell } from '@/components/Effect.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { isProblem, sentence } from '@/services/api.ts';
import { permissions, permissionWord } from '@/services/datasets.ts';
import { isAdmin, roles, roleWord, type Settings, useMe } from '@/services/me.ts';
import { changeSettings, effectOfSettings, type SettingsChange, type SettingsEffect } from '@/services/settings.ts';

const roleChoices = roles.map((value) => ({ value, label: roleWord(value) }));
const permissionChoices = permissions.map((value) => ({ value, label: permissionWord(value) }));

type Set = <K extends keyof SettingsChange>(name: K, to: Settings[K]) => void;

/** The organisation's settings: what new things begin with, and what some roles may. */
export function Defaults({ settings }: { settings: Settings }) {
  const [edited, setEdited] = useState(settings);
  const [known, setKnown] = useState(settings);
  const admin = isAdmin(useMe());
  if (known !== settings) {
    setKnown(settings);
    setEdited(settings); // somebody has changed them
  }
  const set: Set = (name, to) => setEdited((before) => ({ ...before, [name]: to }));
  return (
    <Stack gap="xl" maw={720}>
      {!admin && (
        <Text size="sm" c="dimmed">
          Only admins change these.
        </Text>
      )}
      <fieldset disabled={!admin} style={{ border: 0, margin: 0, minInlineSize: 0, padding: 0 }}>
        <Stack gap="xl">
          <People settings={edited} set={set} />
          <Datasets settings={edited} set={set} />
          <Keys before={settings} settings={edited} set={set} />
        </Stack>
      </fieldset>
      {admin && <Saving before={settings} after={edited} undo={() => setEdited(settings)} />}
    </Stack>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <Title order={2} size="h4" mb="sm">
        {title}
      </Title>
      <Stack gap="md">{children}</Stack>
    </section>
  );
}

interface Fields {
  settings: Settings;
  set: Set;
}

function People({ settings, set }: Fields) {
  return (
    <Part title="People">
      <Switch
        label="A first login makes a user"
        description="Otherwise only who was invited gets in."
        checked={settings.just_in_time_users}
        onChange={(e) => set('just_in_time_users', e.currentTarget.checked)}
      />
      <NativeSelect
        label="Role of a new user"
        description="Where neither an invitation nor the login provider says another."
        data={roleChoices}
        value={settings.default_user_role}
        onChange={(e) => set('default_user_role', e.currentTarget.value as Settings['default_user_role'])}
      />
      <NativeSelect
        label="Sees other people’s runs from"
        description="Those below see their own runs and the pinned ones."
        data={roleChoices}
        value={settings.all_runs_minimum_role}
        onChange={(e) => set('all_runs_minimum_role', e.currentTarget.value as Settings['all_runs_minimum_role'])}
      />
    </Part>
  );
}

type Level = Settings['default_dataset_permission'];

function Datasets({ settings, set }: Fields) {
  return (
    <Part title="New datasets and operators">
      <NativeSelect
        label="Default access of a new dataset"
        description="What members have there without a grant. Datasets that are there keep theirs."
        data={permissionChoices}
        value={settings.default_dataset_permission}
        onChange={(e) => set('default_dataset_permission', e.currentTarget.value as Level)}
      />
      <NativeSelect
        label="Minimum role of a new operator"
        description="Operators that are there keep theirs."
        data={roleChoices}
        value={settings.default_operator_minimum_role}
        onChange={(e) =>
          set('default_operator_minimum_role', e.currentTarget.value as Settings['default_operator_minimum_role'])
        }
      />
      <NativeSelect
        label="Minimum dataset permission of a new operator"
        data={permissionChoices}
        value={settings.default_operator_minimum_dataset_permission}
        onChange={(e) => set('default_operator_minimum_dataset_permission', e.currentTarget.value as Level)}
      />
    </Part>
  );
}

function Keys({ before, settings, set }: Fields & { before: Settings }) {
  const chosen = settings.api_key_roles;
  const shut = before.api_key_roles.includes('admin') && !chosen.includes('admin');
  return (
    <Part title="API keys">
      <Checkbox.Group
        label="Roles that may use API keys"
        description="Keys of other roles open nothing until their role is back. Service accounts have no other way in."
        value={chosen}
        onChange={(to) =>
          set(
            'api_key_roles',
            roles.filter((r) => to.includes(r)),
          )
        }
      >
        <Group mt="xs">
          {[...roles].reverse().map((role) => (
            <Checkbox key={role} value={role} label={roleWord(role)} />
          ))}
        </Group>
      </Checkbox.Group>
      {shut && (
        <Alert color="yellow" icon={<IconAlertTriangle />} title="Admins get in by logging in alone, then">
          Without a login provider nobody could undo this, so only an admin who is logged in by one may save it. If none
          can log in any more, “signalbox admin-key --allow-keys” on the server’s machine puts it back.
        </Alert>
      )}
    </Part>
  );
}

interface SavingProps {
  before: Settings;
  after: Settings;
  undo: () => void;
}

function Saving({ before, after, undo }: SavingProps) {
  const change = changesOf(before, after);
  const names = Object.keys(change);
  const save = useDeed({
    act: changeSettings,
    refresh: [['settings'], ['me'], ['operators']],
    done: () => 'The settings are saved. They count from the next request of everyone.',
    failed: 'The settings were not saved',
  });
  const ask = () =>
    foretell({
      title: names.length === 1 ? 'Save this setting?' : `Save ${names.length} settings?`,
      verb: 'Save',
      about: ['settings', change],
      ask: () => effectOfSettings(change),
      show: EffectOnRoles,
      act: () => save.mutate(change),
    });
  return (
    <Group>
      <Button disabled={names.length === 0} loading={save.isPending} onClick={ask}>
        Save…
      </Button>
      <Button variant="default" disabled={names.length === 0} onClick={undo}>
        Undo changes
      </Button>
    </Group>
  );
}

/** What a change of the settings would do at once, or why it cannot be made. */
function EffectOnRoles({ data, error }: { data: SettingsEffect | undefined; error: Error | null }) {
  if (error) {
    const faults = isProblem(error) ? error.faults.map((f) => sentence(f.message)).join(' ') : '';
    return <Trouble error={faults ? new Error(faults) : error} what="This cannot be saved" />;
  }
  if (!data) return <Text size="sm">Finding out what it would do…</Text>;
  const lines = effectLines(data);
  return (
    <Stack gap="xs">
      {lines.map((line) => (
        <Text size="sm" key={line}>
          {line}
        </Text>
      ))}
      {lines.length === 0 && <Text size="sm">Nobody gains or loses anything now. It counts for what comes later.</Text>}
    </Stack>
  );
}
