import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import { type FormModel, isObject } from '@/forms/model.ts';
import { type Json, seen, textIn } from '@/forms/views.ts';

/**
 * Reads what FiftyOne says of inputs or outputs: a Property, with its type and view. Their meaning is told by
 * fiftyone/operators/types.py. A type or view that no field is made for becomes a field for JSON.
 */
export function readFiftyOne(described: unknown): FormModel {
  return isObject(described) ? property(described) : asJSON({});
}

/** Reads one property, with what its view makes of it. */
function property(of: Json): FormModel {
  const view = isObject(of.view) ? of.view : {};
  const model = typed(of.type);
  const { schema } = model;
  const label = textIn(view, 'label');
  const description = textIn(view, 'description');
  if (label) schema.title = label;
  if (description) schema.description = description;
  if (of.default !== null && of.default !== undefined && schema.type !== 'null') schema.default = of.default as never;
  if (view.read_only === true) schema.readOnly = true;
  if (schema.type === 'string' && of.required === true && !(isObject(of.type) && of.type.allow_empty === true)) {
    schema.minLength = 1; // FiftyOne refuses an empty text where one is required
  }
  return seen(model, view);
}

const types: Record<string, (type: Json) => FormModel> = {
  Void: () => plain({ type: 'null' }),
  Object: object,
  String: () => plain({ type: 'string' }),
  SampleID: () => plain({ type: 'string' }),
  Boolean: () => plain({ type: 'boolean' }),
  Number: number,
  List: list,
  Enum: (type) => plain({ enum: Array.isArray(type.values) ? (type.values as never[]) : [] }),
  OneOf: oneOf,
  Tuple: tuple,
  Tree: () => asJSON({}),
  Map: map,
  File: () => ({ schema: { type: 'object' }, ui: { 'ui:field': 'path' } }),
  UploadedFile: () => ({ schema: { type: 'object' }, ui: { 'ui:field': 'upload' } }),
  Placement: () => ({ schema: { type: 'null' }, ui: { 'ui:widget': 'hidden' } }),
};

function typed(type: unknown): FormModel {
  const read = isObject(type) && typeof type.name === 'string' ? types[type.name] : undefined;
  return read && isObject(type) ? read(type) : asJSON({});
}

function plain(schema: RJSFSchema): FormModel {
  return { schema, ui: {} };
}

/** A field for JSON. */
function asJSON(schema: RJSFSchema): FormModel {
  return { schema, ui: { 'ui:field': 'json' } };
}

function object(type: Json): FormModel {
  const given = isObject(type.properties) ? Object.entries(type.properties) : [];
  const properties: Record<string, RJSFSchema> = {};
  const ui: UiSchema = {};
  const required: string[] = [];
  for (const [name, one] of given) {
    if (!isObject(one)) continue;
    const read = property(one);
    properties[name] = Object.keys(read.schema).length === 0 ? { title: name } : read.schema;
    if (Object.keys(read.ui).length > 0) ui[name] = read.ui;
    if (one.required === true) required.push(name);
  }
  return { schema: { type: 'object', properties, ...(required.length > 0 ? { required } : {}) }, ui };
}

function number(type: Json): FormModel {
  const schema: RJSFSchema = { type: type.int === true ? 'integer' : 'number' };
  if (typeof type.min === 'number') schema.minimum = type.min;
  if (typeof type.max === 'number') schema.maximum = type.max;
  return plain(schema);
}

function list(type: Json): FormModel {
  const items = typed(type.element_type);
  const schema: RJSFSchema = { type: 'array', items: items.schema };
  if (typeof type.min_items === 'number') schema.minItems = type.min_items;
  if (typeof type.max_items === 'number') schema.maxItems = type.max_items;
  return { schema, ui: Object.keys(items.ui).length > 0 ? { items: items.ui } : {} };
}

function oneOf(type: Json): FormModel {
  const read = (Array.isArray(type.types) ? type.types : []).map((one: unknown) => ({
    model: typed(one),
    name: nameOf(one),
  }));
  const options = read.map(({ model, name }) => ({ title: name, ...model.schema }));
  return { schema: { oneOf: options }, ui: { oneOf: read.map(({ model }) => model.ui) } };
}

/** What people call the types that one can choose among. */
function nameOf(type: unknown): string {
  const name = isObject(type) ? String(type.name) : '';
  const words: Record<string, string> = {
    String: 'Text',
    Boolean: 'Yes or no',
    Void: 'Nothing',
    Map: 'Names with values',
  };
  return words[name] ?? name;
}

function tuple(type: Json): FormModel {
  const read = (Array.isArray(type.items) ? type.items : []).map(typed);
  const items = read.map(({ schema }) => schema);
  return {
    schema: { type: 'array', items, additionalItems: false, minItems: items.length, maxItems: items.length },
    ui: { items: read.map(({ ui }) => ui) as never },
  };
}

function map(type: Json): FormModel {
  const value = typed(type.value_type);
  return {
    schema: { type: 'object', additionalProperties: value.schema },
    ui: Object.keys(value.ui).length > 0 ? { additionalProperties: value.ui } : {},
  };
}
