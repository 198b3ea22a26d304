import { type FormModel, isObject } from '@/forms/model.ts';
import type { Said } from '@/forms/views.ts';

const nothing: FormModel = { schema: {}, ui: {} };

/** What is said of a name within an object. */
export function within({ schema, ui }: FormModel, name: string): FormModel {
  const own = schema.properties?.[name];
  const any = schema.additionalProperties;
  const found = isObject(own) ? own : isObject(any) ? any : undefined;
  if (!found) return nothing;
  const hints = (own ? ui[name] : ui.additionalProperties) as unknown;
  return { schema: found, ui: isObject(hints) ? hints : {} };
}

/** What is said of an item of a list. */
export function itemOf({ schema, ui }: FormModel, i: number): FormModel {
  const of = Array.isArray(schema.items) ? schema.items[i] : schema.items;
  const hints = Array.isArray(ui.items) ? (ui.items as unknown[])[i] : ui.items;
  return isObject(of) ? { schema: of, ui: isObject(hints) ? hints : {} } : nothing;
}

/** The names in an object: those of its schema in order, then others; also those that only show something. */
export function namesIn(model: FormModel, value: Record<string, unknown>): string[] {
  const known = Object.keys(model.schema.properties ?? {}).filter(
    (name) => name in value || shows(within(model, name)),
  );
  return [...new Set([...known, ...Object.keys(value)])].filter((name) => !hidden(within(model, name)));
}

function shows(model: FormModel): boolean {
  const what = saidOf(model);
  return what !== undefined && (what.kind === 'plot' ? what.data !== undefined : what.kind !== 'absent');
}

function hidden({ ui }: FormModel): boolean {
  return ui['ui:widget'] === 'hidden';
}

/** What people call a name. */
export function titleOf(model: FormModel, name: string): string {
  const title = within(model, name).schema.title;
  return title ?? name;
}

const media: Record<string, Said['kind']> = {
  'text/markdown': 'markdown',
  'application/vnd.plotly.v1+json': 'plot',
  'image/png': 'image',
  'image/jpeg': 'image',
  'image/gif': 'image',
  'image/webp': 'image',
};

/** How a value is shown other than by its type: by FiftyOne's view, or by the media type that a JSON Schema gives. */
export function saidOf({ schema, ui }: FormModel): Said | undefined {
  const said = (ui['ui:options'] as { said?: Said } | undefined)?.said;
  if (said) return said;
  const kind = media[String(schema.contentMediaType)];
  return kind && { kind, label: schema.title, href: undefined };
}

/** The columns of a list of objects, in the order in which they come; undefined for any other list. */
export function columnsOf(items: unknown[]): string[] | undefined {
  if (items.length === 0 || !items.every(isObject)) return undefined;
  const names = new Set(items.flatMap((item) => Object.keys(item)));
  return names.size > 0 && names.size <= 20 ? [...names] : undefined;
}
