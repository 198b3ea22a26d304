import {
  Button,
  Group,
  JsonInput,
  Modal,
  NativeSelect,
  NumberInput,
  PasswordInput,
  Stack,
  TextInput,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useFilled } from '@/components/forms.ts';
import { asked, configOf, forms, secretsOf } from '@/components/orchestrators/kinds.ts';
import { Trouble } from '@/components/Trouble.tsx';
import {
  addOrchestrator,
  changeOrchestrator,
  type Kind,
  type Orchestrator,
  type OrchestratorChange,
} from '@/services/orchestrators.ts';

interface Props {
  of?: Orchestrator; // missing: a new one
  close: () => void;
}

/** Adds an orchestrator, or changes one. Secrets are only written: a field left empty keeps what is there. */
export function Edit({ of, close }: Props) {
  const [kind, setKind] = useState<Kind>((of?.kind as Kind | undefined) ?? 'airflow');
  const before = (of?.config ?? {}) as Record<string, unknown>;
  const asks = forms[kind];
  const ways = asks?.ways ?? [];
  const [way, setWay] = useState(typeof before.auth === 'string' ? before.auth : (ways[0] ?? ''));
  const [config, setConfig] = useState<Record<string, string>>({});
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: {
      name: of?.name ?? '',
      quota: of?.quota ?? 8,
      routes: JSON.stringify(of?.routes ?? [], null, 2),
      config: '',
      secrets: '',
    },
    validate: { routes: (text) => (isJSON(text) ? null : 'is no JSON') },
  });
  const send = (values: typeof form.values) => {
    const kept = asks ? { config: configOf(before, config, asks, way), secrets: secretsOf(secrets, asks, way) } : {};
    const body = {
      quota: values.quota,
      routes: JSON.parse(values.routes) as NonNullable<OrchestratorChange['routes']>,
      ...kept,
    };
    if (!of) return addOrchestrator({ name: values.name, kind, ...body });
    return changeOrchestrator(of.id, kind === 'builtin' ? body : { name: values.name, ...body });
  };
  const { submit, busy, trouble } = useFilled(form, { send, refresh: [['orchestrators'], ['operators']], done: close });
  return (
    <Modal opened onClose={close} title={of ? `Change “${of.name}”` : 'Add orchestrator'} size="lg">
      <form onSubmit={submit}>
        <Stack gap="sm">
          {!of && (
            <NativeSelect
              label="Kind"
              data={[
                { value: 'airflow', label: 'Airflow' },
                { value: 'flyte', label: 'Flyte' },
              ]}
              value={kind}
              onChange={(e) => {
                const next = e.currentTarget.value as Kind;
                setKind(next);
                setConfig({});
                setSecrets({});
                setWay(forms[next]?.ways[0] ?? '');
              }}
            />
          )}
          {kind !== 'builtin' && (
            <TextInput label="Name" required key={form.key('name')} {...form.getInputProps('name')} />
          )}
          <NumberInput
            label="Quota"
            description="Most runs that hold a slot at once"
            min={0}
            key={form.key('quota')}
            {...form.getInputProps('quota')}
          />
          {ways.length > 0 && (
            <NativeSelect label="Log in by" data={ways} value={way} onChange={(e) => setWay(e.currentTarget.value)} />
          )}
          {asked(asks?.config ?? [], way).map((f) => (
            <TextInput
              key={kind + f.name}
              label={f.label}
              description={f.about}
              defaultValue={texts(before)[f.name] ?? ''}
              error={f.name === 'url' ? form.errors.config : undefined}
              onChange={(e) => setConfig({ ...config, [f.name]: e.currentTarget.value })}
            />
          ))}
          {asked(asks?.secrets ?? [], way).map((f) => (
            <PasswordInput
              key={kind + f.name}
              label={f.label}
              autoComplete="new-password"
              placeholder={of?.secret_names.includes(f.name) ? 'Kept as it is' : ''}
              error={form.errors.secrets}
              onChange={(e) => setSecrets({ ...secrets, [f.name]: e.currentTarget.value })}
            />
          ))}
          <JsonInput
            label="Routes"
            description='Where operators run, in order: [{"operators": ["@acme/*"], "target": {"dag_id": "…"}}]'
            autosize
            minRows={3}
            key={form.key('routes')}
            {...form.getInputProps('routes')}
          />
          {trouble && <Trouble error={trouble} what="The orchestrator was not saved" />}
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {of ? 'Save' : 'Add'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function texts(of: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(of).filter((e): e is [string, string] => typeof e[1] === 'string'));
}

function isJSON(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
