import type { Schemas } from '@/services/api.ts';

/** What a schema says about the names in a value. */
export interface Fields {
  titles?: Record<string, string>;
  of?: (name: string) => Fields; // those within one of them
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The titles that a JSON Schema gives; of one that cannot be read, none. */
export function fieldsOf(schema: Schemas['Schema'] | null): Fields {
  return schema?.kind === 'json_schema' ? within(schema.schema) : {};
}

function within(schema: unknown): Fields {
  if (!isObject(schema)) return {};
  if (isObject(schema.items)) return within(schema.items);
  if (!isObject(schema.properties)) return {};
  const properties = schema.properties;
  const titles: Record<string, string> = {};
  for (const [name, of] of Object.entries(properties)) {
    if (isObject(of) && typeof of.title === 'string') titles[name] = of.title;
  }
  return { titles, of: (name) => within(properties[name]) };
}

/** What people call a name. */
export function titleOf(fields: Fields, name: string): string {
  return fields.titles?.[name] ?? name;
}

/** The columns of a list of objects, in the order in which they come; undefined for any other list. */
export function columnsOf(items: unknown[]): string[] | undefined {
  if (items.length === 0 || !items.every(isObject)) return undefined;
  const names = new Set(items.flatMap((item) => Object.keys(item)));
  return names.size > 0 && names.size <= 20 ? [...names] : undefined;
}
