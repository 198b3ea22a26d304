import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';

interface Listed {
  q?: string | undefined;
  cursor?: string | undefined;
}

/** Changes what the address says of a list. Another list begins with its first page; what one types is no step back. */
export function useSearchChange<Search extends Listed>() {
  const navigate = useNavigate();
  return useCallback(
    (to: Partial<Search>) =>
      void navigate({
        to: '.',
        search: (before) => ({ ...before, cursor: undefined, ...to }),
        replace: 'q' in to,
        resetScroll: 'cursor' in to,
      }),
    [navigate],
  );
}
