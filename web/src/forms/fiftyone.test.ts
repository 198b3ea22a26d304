import { describe, expect, it } from 'vitest';
import { modelOf } from '@/forms/model.ts';
import { saidOf } from '@/forms/nodes.ts';

const read = (property: object) => modelOf({ kind: 'fiftyone', schema: property });
const typed = (type: object) => read({ type });
const viewed = (view: object, type: object = { name: 'String' }) => read({ type, view: { label: 'L', ...view } });

describe('types of FiftyOne', () => {
  it.each([
    ['Void', { name: 'Void' }, { type: 'null' }],
    ['String', { name: 'String', allow_empty: false }, { type: 'string' }],
    ['SampleID', { name: 'SampleID' }, { type: 'string' }],
    ['Boolean', { name: 'Boolean' }, { type: 'boolean' }],
    ['Number', { name: 'Number', min: 0, max: null, int: false, float: true }, { type: 'number', minimum: 0 }],
    ['Number of int', { name: 'Number', int: true, max: 9 }, { type: 'integer', maximum: 9 }],
    [
      'List',
      { name: 'List', element_type: { name: 'Number', int: true }, min_items: 1, max_items: 3 },
      { type: 'array', items: { type: 'integer' }, minItems: 1, maxItems: 3 },
    ],
    ['Enum', { name: 'Enum', values: ['a', 2, null] }, { enum: ['a', 2, null] }],
    [
      'OneOf',
      { name: 'OneOf', types: [{ name: 'String' }, { name: 'Number' }] },
      {
        oneOf: [
          { title: 'Text', type: 'string' },
          { title: 'Number', type: 'number' },
        ],
      },
    ],
    [
      'Tuple',
      { name: 'Tuple', items: [{ name: 'Number' }, { name: 'String' }] },
      {
        type: 'array',
        items: [{ type: 'number' }, { type: 'string' }],
        additionalItems: false,
        minItems: 2,
        maxItems: 2,
      },
    ],
    [
      'Map',
      { name: 'Map', key_type: { name: 'String' }, value_type: { name: 'Number' } },
      { type: 'object', additionalProperties: { type: 'number' } },
    ],
    ['Placement', { name: 'Placement', place: 'samples-grid-actions' }, { type: 'null' }],
  ])('reads %s', (_, type, schema) => {
    expect(typed(type).schema).toEqual(schema);
  });

  it.each([
    ['Tree', { name: 'Tree', items: [] }, 'json'],
    ['File', { name: 'File', properties: {} }, 'path'],
    ['UploadedFile', { name: 'UploadedFile', properties: {} }, 'upload'],
    ['one that is not known', { name: 'Hologram' }, 'json'],
    ['what is none', { name: 7 }, 'json'],
  ])('has a field of its own for %s', (_, type, field) => {
    expect(typed(type).ui['ui:field']).toBe(field);
  });

  it('keeps the order of an object, and what is required', () => {
    const { schema, ui } = typed({
      name: 'Object',
      properties: {
        z: { type: { name: 'String', allow_empty: false }, required: true, view: { name: 'View', label: 'Zed' } },
        a: { type: { name: 'Tree' }, required: false, view: null },
        e: { type: { name: 'String', allow_empty: true }, required: true, default: '' },
      },
    });
    expect(Object.keys(schema.properties ?? {})).toEqual(['z', 'a', 'e']);
    expect(schema.required).toEqual(['z', 'e']);
    expect(schema.properties?.z).toEqual({ type: 'string', title: 'Zed', minLength: 1 });
    expect(schema.properties?.a).toEqual({ title: 'a' });
    expect(schema.properties?.e).toEqual({ type: 'string', default: '' });
    expect(ui.a).toEqual({ 'ui:field': 'json' });
  });

  it('makes a field for JSON of what is no property', () => {
    for (const wrong of [null, 'text', [1], {}])
      expect(modelOf({ kind: 'fiftyone', schema: wrong }).ui['ui:field']).toBe('json');
  });
});

const choices = [
  { value: 'a', label: 'A' },
  { value: 'b', label: 'B', description: 'bee' },
];

describe('views of FiftyOne', () => {
  it.each([
    ['RadioGroup', 'radio'],
    ['RadioView', 'radio'],
    ['Choices', 'select'],
    ['Dropdown', 'select'],
    ['DropdownView', 'select'],
    ['TabsView', 'tabs'],
  ])('%s offers its choices', (name, widget) => {
    const { schema, ui } = viewed({ name, choices }, { name: 'Enum', values: ['a', 'b'] });
    expect(ui['ui:widget']).toBe(widget);
    expect(schema.oneOf).toEqual([
      { const: 'a', title: 'A' },
      { const: 'b', title: 'B', description: 'bee' },
    ]);
    expect(schema.enum).toBeUndefined();
  });

  it.each([
    ['CheckboxView', { name: 'Boolean' }, 'checkbox'],
    ['SwitchView', { name: 'Boolean' }, 'switch'],
    ['SliderView', { name: 'Number', min: 0, max: 1 }, 'range'],
    ['CodeView', { name: 'String' }, 'code'],
    ['ColorView', { name: 'String' }, 'color'],
    ['TagsView', { name: 'List', element_type: { name: 'String' } }, 'tags'],
    ['HiddenView', { name: 'String' }, 'hidden'],
  ])('%s is entered in its own way', (name, type, widget) => {
    expect(viewed({ name }, type).ui['ui:widget']).toBe(widget);
  });

  it('AutocompleteView suggests, also for a list', () => {
    const one = viewed({ name: 'AutocompleteView', choices });
    expect(one.ui).toMatchObject({ 'ui:widget': 'autocomplete', 'ui:options': { choices: ['a', 'b'] } });
    expect(one.schema.oneOf).toBeUndefined();
    const many = viewed({ name: 'AutocompleteView', choices }, { name: 'List', element_type: { name: 'String' } });
    expect(many.ui['ui:widget']).toBe('tags');
  });

  it('offers choices to the items of a list, each once', () => {
    const { schema } = viewed(
      { name: 'DropdownView', choices, multiple: true },
      { name: 'List', element_type: { name: 'String' } },
    );
    expect(schema).toMatchObject({ uniqueItems: true, items: { oneOf: [{ const: 'a' }, { const: 'b' }] } });
  });

  it.each([
    'View',
    'Form',
    'PromptView',
    'DrawerView',
    'TextFieldView',
    'TextView',
    'FieldView',
    'PrimitiveView',
    'LazyFieldView',
    'ReadOnlyView',
    'InferredView',
    'ObjectView',
    'ListView',
    'TupleView',
    'OneOfView',
    'MapView',
    'KeyValueView',
    'GridView',
    'HStackView',
    'VStackView',
    'FileView',
    'FileExplorerView',
    'a view that is not known',
  ])('%s leaves a field as its type says', (name) => {
    const { schema, ui } = viewed({ name });
    expect(schema).toEqual({ type: 'string', title: 'L' });
    expect(ui).toEqual({});
  });

  it.each(['JSONView', 'TreeSelectionView'])('%s is a field for JSON', (name) => {
    expect(viewed({ name }, { name: 'List', element_type: { name: 'String' } }).ui['ui:field']).toBe('json');
  });

  it.each([
    ['Notice', 'info'],
    ['AlertView', 'info'],
    ['ToastView', 'info'],
    ['Header', 'header'],
    ['HeaderView', 'header'],
    ['Warning', 'warning'],
    ['Error', 'error'],
    ['ErrorView', 'error'],
    ['Success', 'success'],
    ['LoadingView', 'loading'],
    ['MarkdownView', 'markdown'],
    ['LinkView', 'link'],
    ['ImageView', 'image'],
    ['PlotlyView', 'plot'],
    ['TableView', 'table'],
    ['ProgressView', 'progress'],
    ['LabelValueView', 'value'],
    ['PillBadgeView', 'value'],
    ['StatusButtonView', 'value'],
    ['Button', 'absent'],
    ['ButtonView', 'absent'],
    ['ButtonGroupView', 'absent'],
    ['IconButtonView', 'absent'],
    ['ModalView', 'absent'],
    ['OperatorExecutionButtonView', 'absent'],
    ['MenuView', 'absent'],
    ['DashboardView', 'absent'],
    ['ArrowNavView', 'absent'],
    ['MediaPlayerView', 'absent'],
    ['FrameLoaderView', 'absent'],
  ])('%s only says something', (name, kind) => {
    expect(saidOf(viewed({ name }, { name: 'Void' }))?.kind).toBe(kind);
  });

  it('keeps what a view says', () => {
    const { schema, ui } = viewed({
      name: 'View',
      description: 'D',
      caption: 'C',
      placeholder: 'P',
      space: 6,
      read_only: true,
    });
    expect(schema).toEqual({ type: 'string', title: 'L', description: 'D', readOnly: true });
    expect(ui).toEqual({ 'ui:placeholder': 'P', 'ui:help': 'C', 'ui:options': { space: 6 } });
  });

  it('keeps the fields of a group that the App shows as a menu', () => {
    const group = { name: 'Object', properties: { a: { type: { name: 'String' } } } };
    expect(viewed({ name: 'MenuView' }, group).schema.properties).toHaveProperty('a');
    expect(viewed({ name: 'AlertView', severity: 'warning' }, { name: 'Void' }).ui).toMatchObject({
      'ui:options': { said: { kind: 'warning', label: 'L' } },
    });
  });
});
