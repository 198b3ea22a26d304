import { isObject } from '@/forms/model.ts';

// What Plotly would load from elsewhere, or send there.
const outward = new Set(['images', 'updatemenus', 'sliders', 'geo', 'mapbox', 'map', 'source', 'topojsonURL']);

/**
 * A plot's traces or layout without what leads elsewhere: Plotly draws a few marks of HTML in its texts, links among them,
 * and a plot comes from an operator.
 */
export function calm<T>(of: T): T {
  if (typeof of === 'string') return of.replace(/<\/?\s*a\b[^>]*>/gi, '') as T;
  if (Array.isArray(of)) return of.map((one: unknown) => calm(one)) as T;
  if (!isObject(of)) return of;
  const kept = Object.entries(of).filter(([name]) => !outward.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, calm(value)])) as T;
}
