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
    onError: (error) => form.setErrors(faultsByField(error, Object.keys(form.getValues()))),
    onSettled: () => Promise.all(refresh.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
  const beside = faultsByField(sent.error, Object.keys(form.getValues()));
  const trouble = Object.keys(beside).length > 0 ? null : sent.error;
  return { submit: form.onSubmit((values) => sent.mutate(values)), busy: sent.isPending, trouble };
}

/** What is wrong with which field, if the server said so: `body.config.url` is a fault of `config`. */
export function faultsByField(error: unknown, fields: string[]): Record<string, string> {
  const found: Record<string, string> = {};
  if (!isProblem(error)) return found;
  for (const { location, message } of error.faults) {
    const field = /^body\.([^.[]+)/.exec(location)?.[1];
    if (field !== undefined && fields.includes(field)) found[field] ??= message;
  }
  return found;
}
