import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusals } from './refused.ts';

/** What the product must do, by the numbers that titles of tests carry. */
const numbers = [...of('P', 6), ...of('R', 12), ...of('G', 6), ...of('L', 4), 'L6', ...of('A', 10)];

/** What no comparable product does, where a page shows it. */
const beyond = ['X1', 'X2', 'X3', 'X4', 'X5', 'X6', 'X7', 'X8', 'X10'];

/** What no page shows, and the test that holds it instead. */
const elsewhere: Record<string, string> = {
  P7: 'sdk/python/tests/live_management.py', // plugins from Python
  L5: 'e2e/cluster_test.go', // logs go to the bucket that a setting names
};

const files = import.meta.dirname;

function of(letter: string, most: number): string[] {
  return Array.from({ length: most }, (_, i) => `${letter}${i + 1}`);
}

/** The numbers with which titles begin: 'R4 R5 sorted …', 'P2, X10: …'. */
function numbersIn(title: string): string[] {
  return /^(?:[A-Z]\d+[ ,:]+)+/.exec(title)?.[0].match(/[A-Z]\d+/g) ?? [];
}

function titles(): string[] {
  const texts = readdirSync(files).filter((name) => name.endsWith('.e2e.ts') && name !== 'refused.e2e.ts');
  return texts.flatMap((name) =>
    [...readFileSync(`${files}/${name}`, 'utf8').matchAll(/^\s*test\(\s*['"`](.*?)['"`],/gms)].map((m) => m[1] ?? ''),
  );
}

describe('tests in a browser', () => {
  const allowed = new Set(titles().flatMap(numbersIn));
  const refused = new Set(refusals.flatMap((r) => Object.keys(r.asks)));

  it.each([...numbers, ...beyond])('show %s to a role that may', (number) => {
    expect(allowed).toContain(number);
  });

  it.each([...numbers, ...beyond])('refuse %s to a role that may not', (number) => {
    expect(refused).toContain(number);
  });

  it.each(Object.entries(elsewhere))('leave %s to %s', (_, file) => {
    expect(existsSync(`${files}/../../${file}`)).toBe(true);
  });
});
