/** What stands behind the question mark of an address: each name with a text, or with several. */
export type Search = Record<string, string | string[]>;

/** Reads a query string. A name that is there several times has several values. */
export function readSearch(text: string): Search {
  const found: Search = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    found[name] = before === undefined ? value : [before, value].flat();
  }
  return found;
}

/** Writes a query string that people can read. What is undefined or empty is left out. */
export function writeSearch(search: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of [value].flat()) {
      if (one === undefined || one === null || one === '') continue;
      query.append(name, typeof one === 'string' ? one : JSON.stringify(one));
    }
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Gives a value of an address if it is one of those that are known. */
export function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((k) => k === value);
}

/** Gives those values of an address that are known, each once; undefined for none. */
export function someOf<T extends string>(known: readonly T[], value: unknown): T[] | undefined {
  const given = [value].flat();
  const found = known.filter((k) => given.includes(k));
  return found.length > 0 ? found : undefined;
}

/** Gives a text of an address, undefined for none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
