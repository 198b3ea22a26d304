import { expect, it } from 'vitest';
import { errorsOf, pathOf } from '@/forms/faults.ts';
import { validator } from '@/forms/validator.ts';

const wrong = (schema: object, data: unknown): object => validator.validateFormData(data, schema).errorSchema;

it('lays what is wrong at its field', () => {
  const schema = { type: 'object', required: ['a'], properties: { a: {}, b: { items: { type: 'integer' } } } } as const;
  const found = wrong(schema, { b: [1, 'x'] }) as { a: object; b: Record<string, { __errors: string[] }> };
  expect(found.a).toEqual({ __errors: ['It is required.'] });
  expect(Object.keys(found.b)).toEqual(['1']);
  expect(found.b['1']?.__errors.join(' ')).toContain('integer');
  expect(wrong(schema, { a: 1, b: [] })).toEqual({});
});

it('reads references to the whole schema from a part of it', () => {
  const root = { $defs: { n: { type: 'number' } }, properties: { x: { $ref: '#/$defs/n' } } } as const;
  expect(validator.isValid({ $ref: '#/$defs/n' }, 1, root)).toBe(true);
  expect(validator.isValid({ $ref: '#/$defs/n' }, 'a', root)).toBe(false);
});

it('takes what it cannot read for right: the server decides', () => {
  expect(wrong({ $ref: 'https://elsewhere.example/schema.json' }, { a: 1 })).toEqual({});
  expect(wrong({ pattern: '(' }, 'a')).toEqual({});
});

it('leaves the schema that it is given as it is', () => {
  const schema = Object.freeze({ type: 'string' as const });
  expect(validator.isValid(schema, 'a', schema)).toBe(true);
  expect(Object.getOwnPropertyNames(schema)).toEqual(['type']);
});

it('lays the faults of the server at their fields', () => {
  expect(pathOf('body.params.boxes[2].width')).toEqual(['boxes', 2, 'width']);
  expect(pathOf('body.params')).toEqual([]);
  expect(pathOf('body.paramsets.a')).toBeUndefined();
  expect(pathOf('body.label')).toBeUndefined();
  expect(errorsOf([{ location: 'body.params.a.b', message: 'No' }])).toMatchObject({ a: { b: { __errors: ['No'] } } });
});
