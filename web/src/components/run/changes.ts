import { isObject } from '@/forms/model.ts';

/** Something that differs between two values. */
export interface Change {
  at: string; // the way to it, such as boxes[2].width
  before: unknown; // undefined: it was not there
  after: unknown; // undefined: it is not there any more
}

/** What differs between two values, by the ways to it. */
export function changesOf(before: unknown, after: unknown, at = ''): Change[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => changesOf(before[name], after[name], at === '' ? name : `${at}.${name}`));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((one: unknown, i) => changesOf(one, after[i], `${at}[${i}]`));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ at, before, after }];
}
