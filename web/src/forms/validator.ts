import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import {
  ErrorSchemaBuilder,
  type RJSFSchema,
  type RJSFValidationError,
  type ValidatorType,
  withIdRefPrefix,
} from '@rjsf/utils';

// What the library's references within a part of a schema are looked up in.
const rootID = '__rjsf_rootSchema';

/**
 * Says what is wrong with what was entered, before the server does. It interprets the schema and never makes code of it,
 * which the policy of the pages forbids. What it cannot read it takes for right: the server decides.
 */
export const validator: ValidatorType = {
  isValid: (schema, data, root) => check(schema, data, root).length === 0,
  rawValidation: (schema, data) => ({ errors: check(schema, data) as never[] }),
  validateFormData: (data, schema, _custom, transform, ui) => {
    const found = check(schema, data).filter(leaf).map(told);
    const errors = transform ? transform(found, ui) : found;
    const built = new ErrorSchemaBuilder();
    for (const { property = '', message = '' } of errors) built.addErrors(message, pathOf(property));
    return { errors, errorSchema: built.ErrorSchema };
  },
};

function check(schema: RJSFSchema, data: unknown, root?: RJSFSchema): OutputUnit[] {
  try {
    return validatorOf(schema, root).validate(data ?? null).errors;
  } catch {
    return [];
  }
}

const known = new WeakMap<object, Validator>();

function validatorOf(schema: RJSFSchema, root?: RJSFSchema): Validator {
  const before = known.get(schema);
  if (before) return before;
  // It writes on what it is given.
  const made = new Validator(structuredClone(root ? withIdRefPrefix(schema) : schema) as Schema, '2019-09', false);
  if (root) made.addSchema(structuredClone(root) as Schema, rootID);
  known.set(schema, made);
  return made;
}

// Words that only say that something below them is wrong.
const carriers = new Set([
  'properties',
  'items',
  'additionalItems',
  '$ref',
  'allOf',
  'then',
  'else',
  'dependentSchemas',
]);

function leaf(error: OutputUnit): boolean {
  return !carriers.has(error.keyword);
}

function told({ keyword, instanceLocation, error }: OutputUnit): RJSFValidationError {
  const missing = keyword === 'required' ? /"([^"]+)"/.exec(error)?.[1] : undefined;
  const property = instanceLocation.replace(/^#\/?/, '') + (missing === undefined ? '' : `/${missing}`);
  return { name: keyword, property, message: missing === undefined ? error : 'It is required.', stack: error };
}

function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
}
