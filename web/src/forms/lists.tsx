import { ActionIcon, Button, Fieldset, Group, Stack, Text, TextInput } from '@mantine/core';
import {
  ADDITIONAL_PROPERTY_FLAG,
  type ArrayFieldItemTemplateProps,
  type ArrayFieldTemplateProps,
  type TemplatesType,
  type WrapIfAdditionalTemplateProps,
} from '@rjsf/utils';
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';

/** A list, with its items below each other. */
function List({ title, schema, items, canAdd, onAddClick, readonly, rawErrors, fieldPathId }: ArrayFieldTemplateProps) {
  return (
    <Fieldset legend={title} id={fieldPathId.$id}>
      <Stack gap="sm">
        {schema.description && (
          <Text size="xs" c="dimmed">
            {schema.description}
          </Text>
        )}
        {items}
        {canAdd && !readonly && <Add act={onAddClick} />}
        {rawErrors?.map((error) => (
          <Text key={error} size="xs" c="var(--mantine-color-error)">
            {error}
          </Text>
        ))}
      </Stack>
    </Fieldset>
  );
}

export function Add({ act }: { act: () => void }) {
  return (
    <div>
      <Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={act}>
        Add
      </Button>
    </div>
  );
}

function Item({ children, buttonsProps: buttons, hasToolbar, index, readonly }: ArrayFieldItemTemplateProps) {
  const place = index + 1;
  return (
    <Group align="end" wrap="nowrap" gap="xs">
      <div style={{ flex: 1, minWidth: 0 }}>{children}</div>
      {hasToolbar && !readonly && (
        <Group gap={2} wrap="nowrap" mb={4}>
          {(buttons.hasMoveUp || buttons.hasMoveDown) && (
            <>
              <Do label={`Move ${place} up`} icon={IconArrowUp} act={buttons.onMoveUpItem} off={!buttons.hasMoveUp} />
              <Do
                label={`Move ${place} down`}
                icon={IconArrowDown}
                act={buttons.onMoveDownItem}
                off={!buttons.hasMoveDown}
              />
            </>
          )}
          {buttons.hasRemove && <Do label={`Remove ${place}`} icon={IconTrash} act={buttons.onRemoveItem} />}
        </Group>
      )}
    </Group>
  );
}

interface DoProps {
  label: string;
  icon: typeof IconTrash;
  act: () => void;
  off?: boolean;
}

function Do({ label, icon: Icon, act, off = false }: DoProps) {
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={act} disabled={off}>
      <Icon size={16} aria-hidden />
    </ActionIcon>
  );
}

/** A field whose name is entered, too. */
function Named(props: WrapIfAdditionalTemplateProps) {
  const { children, id, label, schema, readonly, onKeyRenameBlur, onRemoveProperty } = props;
  if (!(ADDITIONAL_PROPERTY_FLAG in schema)) return <div>{children}</div>;
  return (
    <Group align="end" wrap="nowrap" gap="xs">
      <TextInput
        key={label}
        id={`${id}-key`}
        label="Name"
        flex={1}
        defaultValue={label}
        readOnly={readonly}
        onBlur={onKeyRenameBlur}
      />
      <div style={{ flex: 2, minWidth: 0 }}>{children}</div>
      {!readonly && <Do label={`Remove ${label}`} icon={IconTrash} act={onRemoveProperty} />}
    </Group>
  );
}

export const lists: Partial<TemplatesType> = {
  ArrayFieldTemplate: List,
  ArrayFieldItemTemplate: Item,
  WrapIfAdditionalTemplate: Named,
};
