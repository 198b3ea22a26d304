import { useState } from 'react';

interface Item {
  id: string;
}

/** A list that stays in its order while somebody is at it. */
export interface Steady<T> {
  rows: T[];
  fresh: number; // how many new ones wait to be shown
  show: () => void;
}

/**
 * Rows as they stood when somebody came to them, each with its newest content, so that nothing moves under the pointer.
 * What is new shows when nobody is at the list, or when he asks for it. `about` says which list it is: of another one
 * everything shows at once.
 */
export function useSteady<T extends Item>(items: T[], about: string, held: boolean): Steady<T> {
  const [kept, setKept] = useState({ about, items });
  const loose = !held || kept.about !== about || kept.items.length === 0;
  const now = loose ? items : merged(kept.items, items);
  // React's way to keep something of the render before: it renders again at once, without showing anything between.
  if (kept.about !== about || !same(kept.items, now)) setKept({ about, items: now });
  const shown = new Set(now.map((r) => r.id));
  return {
    rows: now,
    fresh: items.filter((r) => !shown.has(r.id)).length,
    show: () => setKept({ about, items }),
  };
}

/** Those that were there, in their order, with their newest content. */
export function merged<T extends Item>(kept: T[], items: T[]): T[] {
  const newest = new Map(items.map((r) => [r.id, r]));
  return kept.map((r) => newest.get(r.id) ?? r);
}

function same<T>(a: T[], b: T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
