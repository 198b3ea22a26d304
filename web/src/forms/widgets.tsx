import {
  Autocomplete,
  Checkbox,
  ColorInput,
  Group,
  Input,
  MultiSelect,
  NumberInput,
  Radio,
  Select,
  Slider,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { deepEquals, type RegistryWidgetsType, type WidgetProps } from '@rjsf/utils';
import { OneOf } from '@/components/OneOf.tsx';
import classes from './forms.module.css';

/** What all fields have in common. */
function common({
  id,
  label,
  hideLabel,
  schema,
  options,
  rawErrors,
  required,
  readonly,
  placeholder,
  ...p
}: WidgetProps) {
  const error = rawErrors && rawErrors.length > 0 ? rawErrors.join('\n') : undefined;
  return {
    id,
    label: hideLabel ? undefined : label,
    'aria-label': hideLabel ? label : undefined,
    description: options.description ?? schema.description,
    withAsterisk: required ?? false,
    'aria-required': required ?? false,
    readOnly: readonly ?? false,
    disabled: p.disabled ?? false,
    placeholder: placeholder === '' ? undefined : placeholder,
    error,
    onBlur: () => p.onBlur(id, p.value),
    onFocus: () => p.onFocus(id, p.value),
  };
}

const textTypes: Record<string, string> = {
  email: 'email',
  date: 'date',
  time: 'time',
  'date-time': 'datetime-local',
  password: 'password',
};

function Text(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, options, schema } = props;
  const type = options.inputType ?? textTypes[String(schema.format)] ?? 'text';
  return (
    <TextInput
      {...common(props)}
      type={type === 'datetime-local' ? 'text' : type}
      value={typeof value === 'string' || typeof value === 'number' ? value : ''}
      onChange={(e) => onChange(e.currentTarget.value === '' ? options.emptyValue : e.currentTarget.value)}
    />
  );
}

/** A number. What is no number yet, such as a minus, is no value. */
function Numeric(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, schema } = props;
  return (
    <NumberInput
      {...common(props)}
      allowDecimal={schema.type !== 'integer'}
      step={schema.multipleOf ?? 1}
      clampBehavior="none"
      value={typeof value === 'number' ? value : ''}
      onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
    />
  );
}

function Lines(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, options } = props;
  return (
    <Textarea
      {...common(props)}
      autosize
      minRows={3}
      maxRows={20}
      classNames={options.widget === 'code' ? { input: classes.code ?? '' } : {}}
      value={typeof value === 'string' ? value : ''}
      onChange={(e) => onChange(e.currentTarget.value === '' ? options.emptyValue : e.currentTarget.value)}
    />
  );
}

/** The choices by their place: values may be anything, and texts alone are what a list takes. */
function choicesOf({ options, schema }: WidgetProps) {
  const all = options.enumOptions ?? [];
  const described = Array.isArray(schema.items) ? [] : ((schema.items as typeof schema | undefined) ?? schema).oneOf;
  return {
    data: all.map((o, i) => ({ value: String(i), label: o.label })),
    valueAt: (i: string | null) => (i === null ? undefined : (all[Number(i)]?.value as unknown)),
    placeOf: (value: unknown) => {
      const i = value === undefined ? -1 : all.findIndex((o) => deepEquals(o.value, value));
      return i < 0 ? null : String(i);
    },
    about: (i: string): string | undefined => {
      const of = described?.[Number(i)];
      return typeof of === 'object' ? of.description : undefined;
    },
  };
}

function Choice(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, multiple } = props;
  const { data, valueAt, placeOf } = choicesOf(props);
  if (multiple) {
    const places = (Array.isArray(value) ? value : []).map(placeOf).filter((i) => i !== null);
    return (
      <MultiSelect
        {...common(props)}
        searchable
        data={data}
        value={places}
        onChange={(chosen) => onChange(chosen.map(valueAt))}
      />
    );
  }
  return (
    <Select
      {...common(props)}
      searchable={data.length > 8}
      allowDeselect={!props.required}
      data={data}
      value={placeOf(value)}
      onChange={(i) => onChange(valueAt(i))}
    />
  );
}

function Radios(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, options, readonly } = props;
  const { data, valueAt, placeOf, about } = choicesOf(props);
  const { id, label, description, error, withAsterisk } = common(props);
  return (
    <Radio.Group
      {...{ id, label, description, error, withAsterisk, readOnly: readonly ?? false }}
      value={placeOf(value)}
      onChange={(i) => onChange(valueAt(i))}
    >
      <Group
        mt={6}
        gap="xs"
        {...(options.inline ? {} : { style: { flexDirection: 'column', alignItems: 'flex-start' } })}
      >
        {data.map((o) => (
          <Radio key={o.value} value={o.value} label={o.label} description={about(o.value)} />
        ))}
      </Group>
    </Radio.Group>
  );
}

function Tabs(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, readonly, id } = props;
  const { data, valueAt, placeOf } = choicesOf(props);
  const { label, description, error, withAsterisk } = common(props);
  return (
    <Input.Wrapper {...{ label, description, error, withAsterisk }} labelElement="div" id={id}>
      <OneOf
        large
        style={{ marginTop: 4 }}
        aria-label={props.label}
        readOnly={readonly ?? false}
        options={data}
        value={placeOf(value) ?? undefined}
        onChange={(i) => onChange(valueAt(i))}
      />
    </Input.Wrapper>
  );
}

function Check(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, options, readonly, label } = props;
  const { id, description, error } = common(props);
  const One = options.widget === 'switch' ? Switch : Checkbox;
  return (
    <One
      {...{ id, description, error, label }}
      aria-readonly={readonly ?? false}
      checked={value === true}
      onChange={(e) => !readonly && onChange(e.currentTarget.checked)}
    />
  );
}

function Range(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, schema, readonly, id } = props;
  const { label, description, error, withAsterisk } = common(props);
  const [min, max] = [schema.minimum ?? 0, schema.maximum ?? 100];
  const step = schema.multipleOf ?? (schema.type === 'integer' || max - min > 10 ? 1 : (max - min) / 100);
  const now = typeof value === 'number' ? value : min;
  return (
    <Input.Wrapper {...{ label, description, error, withAsterisk }} labelElement="div" id={id}>
      <Group wrap="nowrap" mt={4}>
        <Slider
          flex={1}
          thumbLabel={props.label}
          label={null}
          {...{ min, max, step }}
          disabled={readonly ?? false}
          value={now}
          onChange={onChange}
        />
        <NumberInput
          w={96}
          size="xs"
          aria-label={`${props.label}, as a number`}
          {...{ min, max, step }}
          readOnly={readonly ?? false}
          value={now}
          onChange={(next) => typeof next === 'number' && onChange(next)}
        />
      </Group>
    </Input.Wrapper>
  );
}

function Color(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange } = props;
  return <ColorInput {...common(props)} value={typeof value === 'string' ? value : ''} onChange={onChange} />;
}

function Suggested(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, options } = props;
  return (
    <Autocomplete
      {...common(props)}
      data={textsIn(options.choices)}
      value={typeof value === 'string' ? value : ''}
      onChange={(next) => onChange(next === '' ? options.emptyValue : next)}
    />
  );
}

function Tags(props: WidgetProps) {
  const value: unknown = props.value;
  const { onChange, options } = props;
  return <TagsInput {...common(props)} data={textsIn(options.choices)} value={textsIn(value)} onChange={onChange} />;
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

export const widgets: RegistryWidgetsType = {
  TextWidget: Text,
  PasswordWidget: Text,
  EmailWidget: Text,
  URLWidget: Text,
  DateWidget: Text,
  DateTimeWidget: Text,
  TimeWidget: Text,
  UpDownWidget: Numeric,
  TextareaWidget: Lines,
  SelectWidget: Choice,
  CheckboxesWidget: Choice,
  RadioWidget: Radios,
  CheckboxWidget: Check,
  RangeWidget: Range,
  ColorWidget: Color,
  switch: Check,
  code: Lines,
  tabs: Tabs,
  autocomplete: Suggested,
  tags: Tags,
  number: Numeric,
};
