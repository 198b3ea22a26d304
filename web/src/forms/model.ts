import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import { readFiftyOne } from '@/forms/fiftyone.ts';
import { readJSONSchema } from '@/forms/jsonschema.ts';

/** A form, however its inputs were described: what may be entered, and how it is shown. */
export interface FormModel {
  schema: RJSFSchema;
  ui: UiSchema;
}

/** A schema as the API gives it, of inputs or of outputs. */
export interface Described {
  kind: 'json_schema' | 'fiftyone';
  schema?: unknown;
}

/** Reads a schema into a form. Without one nothing is said. */
export function modelOf(described: Described | null): FormModel {
  if (described === null) return { schema: {}, ui: {} };
  const read = described.kind === 'fiftyone' ? readFiftyOne : readJSONSchema;
  return read(described.schema);
}

/** The type that choices have, as a schema says it: the library takes a field without one for a field of any value. */
export function typeOf(choices: unknown[]): 'string' | 'number' | 'boolean' | undefined {
  const types = new Set(choices.map((choice) => typeof choice));
  const [only] = types;
  return types.size === 1 && (only === 'string' || only === 'number' || only === 'boolean') ? only : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
