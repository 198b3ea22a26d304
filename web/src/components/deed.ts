import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { tell, tellTrouble } from '@/components/told.tsx';

interface Deed<Given, Answer> {
  act: (given: Given) => Promise<Answer>;
  refresh: QueryKey[]; // what has changed by it, read again when it is done
  done?: (answer: Answer, given: Given) => ReactNode; // what is told in a corner then; nothing if the page shows it
  failed: string | ((given: Given) => string); // what is told if it fails, such as "The run was not stopped"
}

/**
 * Something that a person does to the server: what is shown is read again, and the outcome told. For forms, which show
 * faults beside their fields, see useFilled of forms.ts.
 */
export function useDeed<Given, Answer>({ act, refresh, done, failed }: Deed<Given, Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (answer, given) => {
      const words = done?.(answer, given);
      if (words) tell(words);
    },
    onError: (error, given) => tellTrouble(typeof failed === 'string' ? failed : failed(given), error),
    onSettled: () => Promise.all(refresh.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
