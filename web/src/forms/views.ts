import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import { type FormModel, isObject, typeOf } from '@/forms/model.ts';

export type Json = Record<string, unknown>;

/** What is only shown: a text, a picture, a plot. Where there is a value it is shown, else what the view itself holds. */
export interface Said {
  kind:
    | 'info'
    | 'header'
    | 'warning'
    | 'error'
    | 'success'
    | 'loading'
    | 'markdown'
    | 'link'
    | 'image'
    | 'plot'
    | 'table'
    | 'progress'
    | 'value'
    | 'code'
    | 'absent'; // what only FiftyOne's App can do
  label?: string | undefined;
  description?: string | undefined;
  href?: string | undefined;
  data?: unknown; // of a plot
  layout?: unknown;
  columns?: { key: string; label: string }[] | undefined;
  name?: string | undefined; // of a view that is absent
}

// What inputs are entered with, by their view. Others are entered as their type says.
const widgets: Record<string, string> = {
  RadioGroup: 'radio',
  RadioView: 'radio',
  Dropdown: 'select',
  DropdownView: 'select',
  Choices: 'select',
  AutocompleteView: 'autocomplete',
  TabsView: 'tabs',
  CheckboxView: 'checkbox',
  SwitchView: 'switch',
  SliderView: 'range',
  CodeView: 'code',
  ColorView: 'color',
  TagsView: 'tags',
  HiddenView: 'hidden',
};

const said: Record<string, Said['kind']> = {
  Notice: 'info',
  AlertView: 'info',
  ToastView: 'info',
  Header: 'header',
  HeaderView: 'header',
  Warning: 'warning',
  Error: 'error',
  ErrorView: 'error',
  Success: 'success',
  LoadingView: 'loading',
  MarkdownView: 'markdown',
  LinkView: 'link',
  ImageView: 'image',
  PlotlyView: 'plot',
  TableView: 'table',
  ProgressView: 'progress',
  LabelValueView: 'value',
  PillBadgeView: 'value',
  StatusButtonView: 'value',
  FrameLoaderView: 'absent',
  Button: 'absent',
  ButtonView: 'absent',
  ButtonGroupView: 'absent',
  IconButtonView: 'absent',
  ModalView: 'absent',
  OperatorExecutionButtonView: 'absent',
  MenuView: 'absent',
  DashboardView: 'absent',
  ArrowNavView: 'absent',
  MediaPlayerView: 'absent',
};

const asJSON = new Set(['JSONView', 'TreeSelectionView']);

/** Adds to a field what its view says of it. */
export function seen(model: FormModel, view: Json): FormModel {
  const name = textIn(view, 'name') ?? 'View';
  const { schema } = model;
  const ui: UiSchema = { ...model.ui };
  const kind = said[name];
  if (kind && !(kind === 'absent' && holdsFields(schema)))
    return { schema, ui: { ...ui, ...saying(kind, name, view) } };
  const placeholder = textIn(view, 'placeholder');
  const caption = textIn(view, 'caption');
  if (placeholder) ui['ui:placeholder'] = placeholder;
  if (caption) ui['ui:help'] = caption;
  if (typeof view.space === 'number') ui['ui:options'] = { space: view.space };
  if (asJSON.has(name)) return { schema, ui: { ...ui, 'ui:field': 'json' } };
  if (schema.type === 'null') return { schema, ui: { ...ui, ...saying('value', name, view) } };
  choose(schema, ui, name, view);
  return { schema, ui };
}

/** A group of fields keeps them whatever it looks like in the App. */
function holdsFields(schema: RJSFSchema): boolean {
  return schema.type === 'object' && Object.keys(schema.properties ?? {}).length > 0;
}

function saying(kind: Said['kind'], name: string, view: Json): UiSchema {
  const severities = ['info', 'warning', 'error', 'success'] as const;
  const severity = severities.find((s) => s === view.severity);
  const what: Said = {
    kind: kind === 'info' && severity ? severity : kind,
    label: textIn(view, 'label'),
    description: textIn(view, 'description'),
    href: textIn(view, 'href'),
    data: view.data,
    layout: view.layout,
    columns: columnsIn(view),
    name,
  };
  return { 'ui:field': 'said', 'ui:options': { said: what as never, label: false } };
}

function columnsIn(view: Json): Said['columns'] {
  if (!Array.isArray(view.columns)) return undefined;
  return view.columns
    .filter(isObject)
    .map((c) => ({ key: String(c.key), label: typeof c.label === 'string' ? c.label : String(c.key) }));
}

/** Chooses what the field is entered with, and offers its choices: in the field, or in the items of a list. */
function choose(schema: RJSFSchema, ui: UiSchema, name: string, view: Json) {
  const widget = widgets[name];
  const choices = choicesIn(view);
  const many = schema.type === 'array' && isObject(schema.items);
  const free = view.allow_user_input === true || name === 'AutocompleteView';
  if (widget && fits(widget, schema)) ui['ui:widget'] = widget;
  if (choices.length === 0) return;
  const suggested = choices.every((c) => typeof c.const === 'string');
  if (free && suggested && (many || schema.type === 'string')) {
    ui['ui:widget'] = many ? 'tags' : 'autocomplete';
    ui['ui:options'] = { ...ui['ui:options'], choices: choices.map((c) => c.const) as never };
    return;
  }
  if (ui['ui:widget'] === 'autocomplete' || ui['ui:widget'] === 'tags') ui['ui:widget'] = 'select';
  if (many) {
    schema.items = { oneOf: choices } as RJSFSchema;
    schema.uniqueItems = true;
    return;
  }
  delete schema.enum;
  schema.oneOf = choices as RJSFSchema[];
  const type = typeOf(choices.map((c) => c.const));
  if (type && schema.type === undefined) schema.type = type;
}

/** Some views only go with some types; with others the type decides. */
function fits(widget: string, schema: RJSFSchema): boolean {
  if (widget === 'range') return schema.type === 'number' || schema.type === 'integer';
  if (widget === 'tags') return schema.type === 'array';
  if (widget === 'checkbox' || widget === 'switch') return schema.type === 'boolean';
  if (widget === 'code' || widget === 'color' || widget === 'autocomplete') return schema.type === 'string';
  return widget === 'hidden' || schema.type !== 'object';
}

function choicesIn(view: Json): { const: unknown; title: string; description?: string }[] {
  if (!Array.isArray(view.choices)) return [];
  return view.choices.filter(isObject).map((c) => {
    const description = textIn(c, 'description');
    return {
      const: c.value,
      title: textIn(c, 'label') ?? String(c.value),
      ...(description ? { description } : {}),
    };
  });
}

export function textIn(of: Json, key: string): string | undefined {
  const value = of[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
