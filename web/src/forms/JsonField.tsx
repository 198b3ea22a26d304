import { JsonInput } from '@mantine/core';
import type { FieldProps } from '@rjsf/utils';
import { useState } from 'react';

/** A field for what no other field is for: JSON. */
export function JsonField({
  fieldPathId,
  formData,
  schema,
  name,
  onChange,
  readonly,
  required,
  rawErrors,
  uiSchema,
}: FieldProps) {
  const [text, setText] = useState(formData === undefined ? '' : JSON.stringify(formData, null, 2));
  const [wrong, setWrong] = useState(false);
  const enter = (next: string) => {
    setText(next);
    const read = readJSON(next);
    setWrong(read === undefined);
    if (read !== undefined) onChange(read.value, fieldPathId.path);
  };
  return (
    <JsonInput
      id={fieldPathId.$id}
      label={uiSchema?.['ui:title'] ?? schema.title ?? name}
      description={schema.description}
      required={required ?? false}
      readOnly={readonly ?? false}
      autosize
      minRows={2}
      maxRows={16}
      value={text}
      onChange={enter}
      error={wrong ? 'This is not JSON.' : rawErrors?.join('\n')}
    />
  );
}

/** Reads JSON; nothing is a value that is not there, and undefined what is none. */
export function readJSON(text: string): { value: unknown } | undefined {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
