import withTheme from '@rjsf/core/lib/withTheme.js';
import type { RJSFValidationError, TemplatesType } from '@rjsf/utils';
import { useCallback, useMemo, useRef, useState } from 'react';
import { fields } from '@/forms/fields.tsx';
import { type Described, modelOf } from '@/forms/model.ts';
import { errorsOf, pathOf } from '@/forms/faults.ts';
import { templates } from '@/forms/templates.tsx';
import { validator } from '@/forms/validator.ts';
import { widgets } from '@/forms/widgets.tsx';
import type { Fault } from '@/services/api.ts';

// The templates that are left out are the library's own.
const Form = withTheme({ fields, widgets, templates: templates as TemplatesType });

interface Props {
  described: Described;
  value: Record<string, unknown>;
  onChange?: (value: Record<string, unknown>) => void;
  faults?: Fault[]; // what the server found
  soFar?: boolean; // of what was entered until now: faults of fields where nobody has been yet wait
  readOnly?: boolean;
}

/** The form of a schema. It is large: load it with lazy(). */
export default function SchemaForm({ described, value, onChange, faults, soFar = false, readOnly = false }: Props) {
  const model = useMemo(() => modelOf(described), [described]);
  const { been, leave, known } = useBeen();
  const errors = useMemo(
    () => errorsOf((faults ?? []).filter((f) => !soFar || been.has(idOf(pathOf(f.location) ?? [])))),
    [faults, soFar, been],
  );
  return (
    <Form
      tagName="div"
      idPrefix={prefix}
      schema={model.schema}
      uiSchema={{ ...model.ui, 'ui:submitButtonOptions': { norender: true } }}
      formData={value}
      validator={validator}
      onChange={(e) => onChange?.(e.formData as Record<string, unknown>)}
      extraErrors={errors}
      readonly={readOnly}
      noHtml5Validate
      showErrorList={false}
      liveValidate="onBlur"
      onBlur={leave}
      transformErrors={known}
      useFallbackUiForUnsupportedType
      experimental_defaultFormStateBehavior={{ emptyObjectFields: 'skipEmptyDefaults' }}
    />
  );
}

const prefix = 'params';

/** The id of the field at a path. */
function idOf(path: (string | number)[]): string {
  return [prefix, ...path].join('_');
}

/** The fields where somebody has been: what is wrong with others need not be said yet. */
function useBeen() {
  const [been, setBeen] = useState<ReadonlySet<string>>(new Set());
  const now = useRef(been);
  const leave = useCallback((id: string) => {
    now.current = new Set([...now.current, id]);
    setBeen(now.current);
  }, []);
  const known = useCallback(
    (errors: RJSFValidationError[]) =>
      errors.filter((e) => now.current.has(idOf((e.property ?? '').split('/').filter((part) => part !== '')))),
    [],
  );
  return { been, leave, known };
}
