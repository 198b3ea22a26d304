import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type FormAsk, formQuery, type Params } from '@/services/operators.ts';

/** How long somebody has stopped entering before a form that depends on it is asked again, in milliseconds. */
const pause = 400;

/**
 * An operator's form, and what was entered so far. A form that depends on what was entered is asked again after each change;
 * meanwhile it stays as it was, so that nobody loses the focus or a letter. One that could not be made is asked again only
 * when somebody wants that: what he enters by hand meanwhile stays his.
 */
export function useOperatorForm({ operator, dataset, params: first }: FormAsk) {
  const [params, setParams] = useState<Params>(first);
  const [asked, setAsked] = useState<Params>(first);
  const [settled] = useDebouncedValue(params, pause);
  const form = useQuery(formQuery({ operator, dataset, params: asked }));
  const follows = form.data?.dynamic === true && form.data.failure === null && !form.isError;
  if (follows && settled !== asked) setAsked(settled);
  const retry = () => {
    if (asked === params) void form.refetch();
    else setAsked(params);
  };
  return { form, params, setParams, retry, asking: form.isFetching || (follows && params !== asked) };
}
