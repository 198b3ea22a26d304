import withTheme from '@rjsf/core/lib/withTheme.js';
import type { TemplatesType } from '@rjsf/utils';
import { useMemo } from 'react';
import { fields } from '@/forms/fields.tsx';
import { type Described, modelOf } from '@/forms/model.ts';
import { errorsOf } from '@/forms/faults.ts';
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
  readOnly?: boolean;
}

/** The form of a schema. It is large: load it with lazy(). */
export default function SchemaForm({ described, value, onChange, faults, readOnly = false }: Props) {
  const model = useMemo(() => modelOf(described), [described]);
  const errors = useMemo(() => errorsOf(faults ?? []), [faults]);
  return (
    <Form
      tagName="div"
      idPrefix="params"
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
      useFallbackUiForUnsupportedType
      experimental_defaultFormStateBehavior={{ emptyObjectFields: 'skipEmptyDefaults' }}
    />
  );
}
