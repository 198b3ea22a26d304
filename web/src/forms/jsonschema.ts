import type { RJSFSchema } from '@rjsf/utils';
import type { FormModel } from '@/forms/model.ts';
import { isObject, typeOf } from '@/forms/model.ts';

/**
 * Reads a JSON Schema (2020-12). What it says stays; only how tuples are written changes, for the library draws them as
 * older drafts wrote them. What has no type is a field for JSON.
 */
export function readJSONSchema(schema: unknown): FormModel {
  return { schema: isObject(schema) ? within(schema) : {}, ui: {} };
}

const maps = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];
const lists = ['allOf', 'anyOf', 'oneOf'];
const ones = ['items', 'additionalProperties', 'if', 'then', 'else', 'not', 'contains'];

function within(schema: Record<string, unknown>): RJSFSchema {
  const read: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(schema)) {
    if (maps.includes(word) && isObject(value)) read[word] = named(value);
    else if (lists.includes(word) && Array.isArray(value)) read[word] = value.map(one);
    else if (ones.includes(word)) read[word] = one(value);
    else read[word] = value;
  }
  if (Array.isArray(schema.prefixItems)) {
    read.items = schema.prefixItems.map(one);
    read.additionalItems = 'items' in schema ? one(schema.items) : true;
    delete read.prefixItems;
  }
  for (const word of ['oneOf', 'anyOf']) {
    const choices = schema[word];
    if (read.type !== undefined || !Array.isArray(choices)) continue;
    const type = typeOf(choices.map((c: unknown) => (isObject(c) ? c.const : undefined)));
    if (type) read.type = type;
    else read[word] = called(read[word] as unknown[]);
  }
  return read;
}

const kinds: Record<string, string> = {
  string: 'Text',
  number: 'Number',
  integer: 'Whole number',
  boolean: 'Yes or no',
  array: 'List',
  object: 'Group',
  null: 'Nothing',
};

/** Choices without a title are called by their kind; those of one kind are counted. */
function called(choices: unknown[]): unknown[] {
  const kindOf = (choice: unknown) => (isObject(choice) ? kinds[String(choice.type)] : undefined);
  const all = choices.map(kindOf);
  return choices.map((choice, i) => {
    const kind = all[i];
    if (!isObject(choice) || kind === undefined || typeof choice.title === 'string') return choice;
    const before = all.slice(0, i).filter((k) => k === kind).length;
    const alone = before === 0 && !all.slice(i + 1).includes(kind);
    return { ...choice, title: alone ? kind : `${kind} ${before + 1}` };
  });
}

function one(value: unknown): unknown {
  return isObject(value) ? within(value) : value;
}

/** A field about which nothing is said has at least its name. */
function named(schemas: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const read = schema === true ? {} : one(schema);
      return [name, isObject(read) && Object.keys(read).length === 0 ? { title: name } : read];
    }),
  );
}
