import { expect, it } from 'vitest';
import { modelOf } from '@/forms/model.ts';
import { namesIn, titleOf, within } from '@/forms/nodes.ts';

const read = (schema: unknown) => modelOf({ kind: 'json_schema', schema });

it('keeps the order and all words of a schema', () => {
  const schema = {
    type: 'object',
    properties: { z: { type: 'string' }, a: { type: 'integer', minimum: 1 } },
    required: ['a'],
  };
  expect(read(schema).schema).toEqual(schema);
  expect(Object.keys(read(schema).schema.properties ?? {})).toEqual(['z', 'a']);
});

it('gives a field about which nothing is said its name', () => {
  expect(read({ properties: { any: {}, all: true, none: false } }).schema.properties).toEqual({
    any: { title: 'any' },
    all: { title: 'all' },
    none: false,
  });
});

it('writes tuples as the library draws them', () => {
  const tuple = { prefixItems: [{ type: 'string' }, { type: 'number' }], items: false };
  expect(read({ properties: { t: tuple } }).schema.properties?.t).toEqual({
    items: [{ type: 'string' }, { type: 'number' }],
    additionalItems: false,
  });
});

it('makes nothing of what is no schema', () => {
  for (const wrong of [true, null, 'text', [1]]) expect(read(wrong)).toEqual({ schema: {}, ui: {} });
  expect(modelOf(null)).toEqual({ schema: {}, ui: {} });
});

it('tells the titles of what is shown, in the order of the schema', () => {
  const model = read({ properties: { b: { title: 'Bee' }, a: { properties: { w: { title: 'Width' } } } } });
  expect(namesIn(model, { x: 1, a: {}, b: 2 })).toEqual(['b', 'a', 'x']);
  expect([titleOf(model, 'b'), titleOf(model, 'x')]).toEqual(['Bee', 'x']);
  expect(titleOf(within(model, 'a'), 'w')).toBe('Width');
});

it('calls choices that have no title by their kind', () => {
  const titles = (...anyOf: object[]) =>
    (read({ properties: { a: { anyOf } } }).schema.properties?.a as { anyOf: { title?: string }[] }).anyOf.map(
      (choice) => choice.title,
    );
  expect(titles({ type: 'integer' }, { type: 'string' })).toEqual(['Whole number', 'Text']);
  expect(titles({ type: 'string', title: 'Name' }, { type: 'null' }, {})).toEqual(['Name', 'Nothing', undefined]);
  expect(titles({ type: 'object' }, { type: 'object' })).toEqual(['Group 1', 'Group 2']);
});
