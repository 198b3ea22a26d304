import { expect, it } from 'vitest';
import { columnsOf, fieldsOf, titleOf } from '@/components/run/schema.ts';

const schema = {
  kind: 'json_schema' as const,
  schema: {
    type: 'object',
    properties: {
      images: { title: 'Images', type: 'array', items: { properties: { w: { title: 'Width' } } } },
      plain: {},
    },
  },
};

it('reads titles of a schema, also of the items of a list', () => {
  const fields = fieldsOf(schema);
  expect(titleOf(fields, 'images')).toBe('Images');
  expect(titleOf(fields, 'plain')).toBe('plain');
  expect(titleOf(fields.of?.('images') ?? {}, 'w')).toBe('Width');
});

it('makes nothing of a schema that it does not know', () => {
  expect(titleOf(fieldsOf({ kind: 'fiftyone', schema: {} }), 'x')).toBe('x');
  expect(titleOf(fieldsOf(null), 'x')).toBe('x');
});

it('makes a table of objects only', () => {
  expect(columnsOf([{ a: 1 }, { b: 2, a: 3 }])).toEqual(['a', 'b']);
  expect(columnsOf([{ a: 1 }, 'text'])).toBeUndefined();
  expect(columnsOf([])).toBeUndefined();
});
