import { FileInput, TextInput } from '@mantine/core';
import type { FieldProps, RegistryFieldsType } from '@rjsf/utils';
import { useState } from 'react';
import { JsonField } from '@/forms/JsonField.tsx';
import { isObject } from '@/forms/model.ts';
import { saidOf } from '@/forms/nodes.ts';
import { Said } from '@/forms/Said.tsx';
import { Shown } from '@/forms/Shown.tsx';

/** What only says something. */
function SaidField({ schema, uiSchema = {}, formData }: FieldProps) {
  const what = saidOf({ schema, ui: uiSchema });
  if (!what) return null;
  const value: unknown = formData ?? schema.default;
  return <Said what={what} value={value} otherwise={<Shown value={value} model={{ schema, ui: {} }} />} />;
}

function common({ fieldPathId, schema, name, required, readonly, rawErrors }: FieldProps) {
  return {
    id: fieldPathId.$id,
    label: schema.title ?? name,
    description: schema.description,
    withAsterisk: required ?? false,
    readOnly: readonly ?? false,
    error: rawErrors && rawErrors.length > 0 ? rawErrors.join('\n') : undefined,
  };
}

/** A file or a folder that operators can reach, by its path. */
function PathField(props: FieldProps) {
  const path: unknown = isObject(props.formData) ? props.formData.absolute_path : undefined;
  return (
    <TextInput
      {...common(props)}
      placeholder="/path/or/address"
      value={typeof path === 'string' ? path : ''}
      onChange={({ currentTarget: { value } }) =>
        props.onChange(value === '' ? undefined : { absolute_path: value }, props.fieldPathId.path)
      }
    />
  );
}

const mostBytes = 512 << 10; // all params together may have 1 MiB, and Base64 takes a third more

/** A small file that goes along with the params. */
function UploadField(props: FieldProps) {
  const [trouble, setTrouble] = useState<string>();
  const { error, readOnly, ...rest } = common(props);
  const take = async (file: File | null) => {
    if (file && file.size > mostBytes) {
      setTrouble('It has more than 512 KiB. Name a file that operators can reach instead.');
      return;
    }
    setTrouble(undefined);
    props.onChange(file ? await sent(file) : undefined, props.fieldPathId.path);
  };
  const name: unknown = isObject(props.formData) ? props.formData.name : undefined;
  return (
    <FileInput
      {...rest}
      disabled={readOnly}
      clearable
      placeholder={typeof name === 'string' ? name : 'Choose a file'}
      error={trouble ?? error}
      onChange={(file) => void take(file)}
    />
  );
}

/** A file as FiftyOne's App sends it. */
async function sent(file: File) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const content = btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));
  return { name: file.name, type: file.type, size: file.size, content, last_modified: file.lastModified };
}

export const fields: RegistryFieldsType = {
  FallbackField: JsonField,
  json: JsonField,
  said: SaidField,
  path: PathField,
  upload: UploadField,
};
