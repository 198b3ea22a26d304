import {
  ActionIcon,
  Button,
  Collapse,
  Group,
  JsonInput,
  Paper,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowUp, IconTrash } from '@tabler/icons-react';
import type { EditValues } from '@/components/orchestrators/values.ts';
import { newRoute, targets } from '@/components/orchestrators/routes.ts';

interface Props {
  form: UseFormReturnType<EditValues>;
}

/** The routes of a form, in the order in which they are tried. */
export function RouteList({ form }: Props) {
  return (
    <Stack gap="xs" role="group" aria-label="Routes">
      <Text size="sm" fw={500}>
        Routes
      </Text>
      <Text size="xs" c="dimmed">
        The first that fits an operator says where it runs.
      </Text>
      {form.values.routes.map((_, i) => (
        <OneRoute form={form} i={i} key={form.key(`routes.${i}`)} />
      ))}
      <div>
        <Button size="xs" variant="default" onClick={() => form.insertListItem('routes', newRoute)}>
          Add route
        </Button>
      </div>
    </Stack>
  );
}

function OneRoute({ form, i }: Props & { i: number }) {
  const at = `routes.${i}`;
  const [more, { toggle }] = useDisclosure(false);
  const fails = Object.keys(form.errors).some((path) => path.startsWith(`${at}.`));
  return (
    <Paper withBorder p="sm" role="group" aria-label={`Route ${i + 1}`}>
      <Stack gap="xs">
        <Group align="flex-start" wrap="nowrap" gap="xs">
          <TagsInput
            flex={1}
            label="Operators"
            placeholder="@acme/*"
            splitChars={[',', ' ']}
            acceptValueOnBlur
            {...form.getInputProps(`${at}.operators`)}
          />
          <Order form={form} i={i} />
        </Group>
        {targets[form.values.kind].map(({ name, label, about }) => (
          <TextInput key={name} label={label} description={about} {...form.getInputProps(`${at}.target.${name}`)} />
        ))}
        <div>
          <Button size="compact-xs" variant="subtle" onClick={toggle} aria-expanded={more || fails}>
            More settings
          </Button>
        </div>
        <Collapse expanded={more || fails}>
          <More form={form} at={at} />
        </Collapse>
      </Stack>
    </Paper>
  );
}

function Order({ form, i }: Props & { i: number }) {
  return (
    <Group gap={2} mt={26} wrap="nowrap">
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Try route ${i + 1} earlier`}
        disabled={i === 0}
        onClick={() => form.reorderListItem('routes', { from: i, to: i - 1 })}
      >
        <IconArrowUp size={16} />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="red"
        aria-label={`Take route ${i + 1} away`}
        onClick={() => form.removeListItem('routes', i)}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </Group>
  );
}

function More({ form, at }: Props & { at: string }) {
  return (
    <Stack gap="xs">
      {form.values.kind !== 'builtin' && (
        <JsonInput
          label="Inputs"
          description='What travels: {"threshold": "$params.threshold", "data": "$dataset"}. Empty: all params'
          autosize
          minRows={2}
          {...form.getInputProps(`${at}.inputs`)}
        />
      )}
      <TextInput
        label="Must start within"
        description="Such as 2h or 30m; else the run fails"
        {...form.getInputProps(`${at}.start_within`)}
      />
      {form.values.kind !== 'builtin' && (
        <Switch
          label="Tasks may report any log below the roots"
          description="Whoever writes the tasks may then show any log there"
          {...form.getInputProps(`${at}.any_log_path`, { type: 'checkbox' })}
        />
      )}
    </Stack>
  );
}
