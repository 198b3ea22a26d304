import type { UseFormReturnType } from '@mantine/form';
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { isProblem } from '@/services/api.ts';

interface Filled<Values, Answer> {
  send: (values: Values) => Promise<Answer>;
  refresh: QueryKey[]; // what has changed by it
  done?: (answer: Answer) => void; // such as closing the dialog
}

/**
 * Sends a form. Faults that the server finds show beside their fields; `trouble` is what is left, for a <Trouble> above
 * the buttons. The server decides what is right: a form checks nothing that it would have to know the rules for.
 */
export function useFilled<Values extends object, Answer>(
  form: UseFormReturnType<Values>,
  { send, refresh, done }: Filled<Values, Answer>,
) {
  const client = useQueryClient();
  const sent = useMutation({
    mutationFn: send,
    onSuccess: (answer) => done?.(answer),
    onError: (error) => form.setErrors(faultsByField(error, form.getValues())),
    onSettled: () => Promise.all(refresh.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
  const beside = faultsByField(sent.error, form.getValues());
  const trouble = Object.keys(beside).length > 0 ? null : sent.error;
  return { submit: form.onSubmit((values) => sent.mutate(values)), busy: sent.isPending, trouble };
}

/**
 * What is wrong with which field, if the server said so, by the path of the field: `body.routes[0].target` is a fault of
 * `routes.0.target.dag_id`, or of `routes` where that is one field.
 */
export function faultsByField(error: unknown, values: object): Record<string, string> {
  const found: Record<string, string> = {};
  if (!isProblem(error)) return found;
  const fields = pathsOf(values);
  for (const { location, message } of error.faults) {
    const at = /^body\.(.+)/.exec(location)?.[1]?.replaceAll(/\[(\d+)\]/g, '.$1');
    if (at === undefined) continue;
    const field = fields.find((f) => within(at, f)) ?? fields.find((f) => within(f, at));
    if (field !== undefined) found[field] ??= message;
  }
  return found;
}

function within(path: string, of: string): boolean {
  return path === of || path.startsWith(`${of}.`);
}

/** The paths of the fields of a form: of all values that hold no others. */
function pathsOf(values: object): string[] {
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) => {
    const holds = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
    const words = Array.isArray(value) && value.every((v) => typeof v === 'string');
    return holds && !words ? pathsOf(value).map((path) => `${name}.${path}`) : [name];
  });
}
