/** A field that an act changed. */
export interface Edit {
  field: string;
  before: string;
  after: string;
}

/** What an act changed, field by field, and what else its entry says. */
export interface Detail {
  edits: Edit[];
  rest: [string, string][];
}

/** Reads the detail of an entry of the audit log. */
export function readDetail(detail: unknown): Detail {
  const found: Detail = { edits: [], rest: [] };
  if (typeof detail !== 'object' || detail === null) return found;
  for (const [field, value] of Object.entries(detail)) {
    if (isEdit(value)) found.edits.push({ field: words(field), before: text(value.before), after: text(value.after) });
    else found.rest.push([words(field), text(value)]);
  }
  return found;
}

function isEdit(value: unknown): value is { before: unknown; after: unknown } {
  return typeof value === 'object' && value !== null && 'before' in value && 'after' in value;
}

function words(field: string): string {
  const said = field.replaceAll('_', ' ');
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** A value as people read it: a thing with a name by its name. */
function text(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(text).join(', ');
  if (typeof value === 'object' && 'name' in value && typeof value.name === 'string') {
    return 'kind' in value && typeof value.kind === 'string'
      ? `${value.name} (${value.kind.replaceAll('_', ' ')})`
      : value.name;
  }
  return JSON.stringify(value);
}
