import { type ErrorSchema, ErrorSchemaBuilder } from '@rjsf/utils';
import type { Fault } from '@/services/api.ts';

/** Lays the faults of params at their fields: `body.params.boxes[2].width` is a fault of `width`. */
export function errorsOf(faults: Fault[]): ErrorSchema {
  const built = new ErrorSchemaBuilder();
  for (const { location, message } of faults) {
    const path = pathOf(location);
    if (path) built.addErrors(message, path);
  }
  return built.ErrorSchema;
}

/** The way to a field below the params; undefined for what is none of them. */
export function pathOf(location: string): (string | number)[] | undefined {
  const rest = /^body\.params(?:\.|(?=\[)|$)(.*)$/s.exec(location)?.[1];
  if (rest === undefined) return undefined;
  const parts = rest.match(/[^.[\]]+/g) ?? [];
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
