import { Button, Group, Modal, NativeSelect, NumberInput, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm, type UseFormReturnType } from '@mantine/form';
import { useFilled } from '@/components/forms.ts';
import { asked, forms } from '@/components/orchestrators/kinds.ts';
import { RouteList } from '@/components/orchestrators/RouteList.tsx';
import { notJSON } from '@/components/orchestrators/routes.ts';
import { type EditValues, emptyOf, save, valuesOf } from '@/components/orchestrators/values.ts';
import { Trouble } from '@/components/Trouble.tsx';
import type { Kind, Orchestrator } from '@/services/orchestrators.ts';

interface Props {
  of?: Orchestrator; // missing: a new one
  close: () => void;
}

/** Adds an orchestrator, or changes one. Secrets are only written: a field left empty keeps what is there. */
export function Edit({ of, close }: Props) {
  const form = useForm<EditValues>({
    initialValues: valuesOf(of),
    validate: { routes: { inputs: notJSON } },
  });
  const refresh = [['orchestrators'], ['operators']];
  const { submit, busy, trouble } = useFilled(form, { send: (values) => save(values, of), refresh, done: close });
  return (
    <Modal opened onClose={close} title={of ? `Change “${of.name}”` : 'Add orchestrator'} size="lg">
      <form onSubmit={submit}>
        <Stack gap="sm">
          {!of && <KindChoice form={form} />}
          {form.values.kind !== 'builtin' && <TextInput label="Name" required {...form.getInputProps('name')} />}
          <NumberInput
            label="Quota"
            description="Most runs that hold a slot at once"
            min={0}
            {...form.getInputProps('quota')}
          />
          <LogIn form={form} kept={of?.secret_names ?? []} />
          <RouteList form={form} />
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

interface Part {
  form: UseFormReturnType<EditValues>;
}

function KindChoice({ form }: Part) {
  return (
    <NativeSelect
      label="Kind"
      data={[
        { value: 'airflow', label: 'Airflow' },
        { value: 'flyte', label: 'Flyte' },
      ]}
      value={form.values.kind}
      onChange={(e) => form.setValues(emptyOf(e.currentTarget.value as Kind))}
    />
  );
}

/** Where it is, and how we log in there. */
function LogIn({ form, kept }: Part & { kept: string[] }) {
  const { kind, way } = form.values;
  const asks = forms[kind];
  if (!asks) return null;
  return (
    <>
      <NativeSelect label="Log in by" data={asks.ways} {...form.getInputProps('way')} />
      {asked(asks.config, way).map((f) => (
        <TextInput key={f.name} label={f.label} description={f.about} {...form.getInputProps(`config.${f.name}`)} />
      ))}
      {asked(asks.secrets, way).map((f) => (
        <PasswordInput
          key={f.name}
          label={f.label}
          autoComplete="new-password"
          placeholder={kept.includes(f.name) ? 'Kept as it is' : ''}
          {...form.getInputProps(`secrets.${f.name}`)}
        />
      ))}
    </>
  );
}
