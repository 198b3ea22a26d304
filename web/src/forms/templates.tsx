import { Box, Fieldset, Stack, Text } from '@mantine/core';
import {
  canExpand,
  descriptionId,
  type BaseInputTemplateProps,
  type DescriptionFieldProps,
  type FieldHelpProps,
  helpId,
  type FieldTemplateProps,
  getUiOptions,
  type ObjectFieldTemplateProps,
  type TemplatesType,
  type TitleFieldProps,
  type UiSchema,
} from '@rjsf/utils';
import type { CSSProperties } from 'react';
import { Add, lists } from '@/forms/lists.tsx';
import { widgets } from '@/forms/widgets.tsx';
import classes from './forms.module.css';

/** Fields side by side as their views ask for, below each other where the window is narrow. */
function Fields(props: ObjectFieldTemplateProps) {
  const { properties, title, description, fieldPathId, schema, readonly } = props;
  const formData: unknown = props.formData;
  const uiSchema = props.uiSchema ?? {};
  const fields = (
    <div className={classes.fields}>
      {properties.map(({ name, content, hidden }) => (
        <Place key={name} hidden={hidden} space={spaceOf(uiSchema[name] as UiSchema | undefined)}>
          {content}
        </Place>
      ))}
      {canExpand(schema, uiSchema, formData) && !readonly && <Add act={props.onAddProperty} />}
    </div>
  );
  const about = description && (
    <Text size="sm" c="dimmed" mb="sm" id={descriptionId(fieldPathId)}>
      {description}
    </Text>
  );
  if (fieldPathId.path.length === 0 || !title) {
    return (
      <div>
        {about}
        {fields}
      </div>
    );
  }
  return (
    <Fieldset legend={title}>
      {about}
      {fields}
    </Fieldset>
  );
}

function Place({ hidden, space, children }: { hidden: boolean; space: number | undefined; children: React.ReactNode }) {
  if (hidden) return <Box display="none">{children}</Box>;
  if (space === undefined) return <div>{children}</div>;
  return (
    <div data-space style={{ '--space': space } as CSSProperties}>
      {children}
    </div>
  );
}

function spaceOf(ui: UiSchema | undefined): number | undefined {
  const { space } = getUiOptions(ui);
  return typeof space === 'number' && space >= 1 && space < 12 ? Math.round(space) : undefined;
}

/** A field shows its own label, description and faults. */
function Field(props: FieldTemplateProps) {
  const { hidden, children, help, registry, uiSchema = {}, ...rest } = props;
  const Wrap = registry.templates.WrapIfAdditionalTemplate;
  if (hidden) return <Box display="none">{children}</Box>;
  return (
    <Wrap {...rest} uiSchema={uiSchema} registry={registry}>
      {children}
      {help}
    </Wrap>
  );
}

/** Headings of a form are no headings of the page. */
function Title({ id, title, required }: TitleFieldProps) {
  return (
    <Text id={id} fw={600} size="sm">
      {title}
      {required && ' *'}
    </Text>
  );
}

function Description({ id, description }: DescriptionFieldProps) {
  if (!description) return null;
  return (
    <Text id={id} size="xs" c="dimmed" mb="xs">
      {description}
    </Text>
  );
}

function Help({ help, fieldPathId }: FieldHelpProps) {
  if (!help) return null;
  return (
    <Text id={helpId(fieldPathId)} size="xs" c="dimmed" mt={4}>
      {help}
    </Text>
  );
}

function BaseInput(props: BaseInputTemplateProps) {
  const numeric = props.schema.type === 'number' || props.schema.type === 'integer';
  const One = (numeric ? widgets.number : widgets.TextWidget) as typeof BaseInput;
  return <One {...props} />;
}

export const templates: Partial<TemplatesType> = {
  ...lists,
  ObjectFieldTemplate: Fields,
  FieldTemplate: Field,
  TitleFieldTemplate: Title,
  DescriptionFieldTemplate: Description,
  FieldHelpTemplate: Help,
  FieldErrorTemplate: () => null, // each field shows its own
  BaseInputTemplate: BaseInput,
  MultiSchemaFieldTemplate: ({ selector, optionSchemaField }) => (
    <Stack gap="xs">
      {selector}
      {optionSchemaField}
    </Stack>
  ),
};
