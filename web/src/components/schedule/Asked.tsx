import { Alert, Button, Code, Group, JsonInput, Skeleton, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { isObject } from '@/forms/model.ts';
import { type Fault, sentence } from '@/services/api.ts';
import type { Form, Params } from '@/services/operators.ts';

const SchemaForm = lazy(() => import('@/forms/SchemaForm.tsx'));

interface Props {
  form: UseQueryResult<Form>;
  params: Params;
  setParams: (params: Params) => void;
  retry: () => void;
  refused: Fault[] | undefined; // what was wrong when it was to be scheduled
}

/** The operator's form; where it cannot be made, JSON. */
export function Asked({ form, params, setParams, retry, refused }: Props) {
  const { data, error, isFetching } = form;
  if (error) {
    return (
      <>
        <NotMade why={error.message} retry={retry} busy={isFetching} />
        <ByHand params={params} setParams={setParams} />
      </>
    );
  }
  if (!data) return <Skeleton height={120} aria-label="The form is being made" />;
  if (data.failure) {
    return (
      <>
        <NotMade why={data.failure.message} stack={data.failure.stack} retry={retry} busy={isFetching} />
        <ByHand params={params} setParams={setParams} />
      </>
    );
  }
  // What FiftyOne itself says has more in it than the schema that was made of it.
  const described = isObject(data.inputs) ? { kind: 'fiftyone' as const, schema: data.inputs } : data.inputs_schema;
  if (!described || isEmpty(described.schema)) {
    return (
      <Text size="sm" c="dimmed">
        It takes no inputs.
      </Text>
    );
  }
  return (
    <Suspense fallback={<Skeleton height={120} aria-label="The form is being loaded" />}>
      <SchemaForm
        described={described}
        value={params}
        onChange={setParams}
        faults={refused ?? (data.dynamic ? data.errors : [])}
        soFar={!refused}
      />
    </Suspense>
  );
}

/** Tells whether nothing can be entered by a schema. */
function isEmpty(schema: unknown): boolean {
  if (!isObject(schema) || !isObject(schema.properties)) return false;
  return schema.additionalProperties === false && Object.keys(schema.properties).length === 0;
}

interface NotMadeProps {
  why: string;
  stack?: string;
  retry: () => void;
  busy: boolean;
}

function NotMade({ why, stack, retry, busy }: NotMadeProps) {
  return (
    <Alert color="orange" icon={<IconAlertTriangle />} title="The form could not be made" role="alert" mb="sm">
      <Text size="sm">
        {sentence(why.replace(/^the form could not be made: /i, ''))} The inputs can be entered as JSON.
      </Text>
      {stack && (
        <details>
          <summary>What the operator’s code said</summary>
          <Code block>{stack}</Code>
        </details>
      )}
      <Group mt="xs">
        <Button size="compact-sm" variant="default" onClick={retry} loading={busy}>
          Try again
        </Button>
      </Group>
    </Alert>
  );
}

/** The inputs as JSON. */
function ByHand({ params, setParams }: Pick<Props, 'params' | 'setParams'>) {
  const [text, setText] = useState(() => JSON.stringify(params, null, 2));
  const [wrong, setWrong] = useState<string>();
  const enter = (next: string) => {
    setText(next);
    try {
      const read = JSON.parse(next) as unknown;
      setWrong(isObject(read) ? undefined : 'The inputs are an object, such as {"name": "value"}.');
      if (isObject(read)) setParams(read);
    } catch {
      setWrong('This is not JSON.');
    }
  };
  return (
    <JsonInput label="Inputs" autosize minRows={6} maxRows={24} value={text} onChange={enter} error={wrong} mb="sm" />
  );
}
