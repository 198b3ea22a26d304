import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';

interface Listed {
  q?: string | undefined;
  cursor?: string | undefined;
}

/**
 * Changes what the address says of a list, after the browser has painted what was pressed, such as a menu that closes.
 * Another list begins with its first page; what one types is no step back.
 */
export function useSearchChange<Search extends Listed>() {
  const navigate = useNavigate();
  return useCallback(
    (to: Partial<Search>) =>
      afterPaint(
        () =>
          void navigate({
            to: '.',
            search: (before) => ({ ...before, cursor: undefined, ...to }),
            replace: 'q' in to,
            resetScroll: 'cursor' in to,
          }),
      ),
    [navigate],
  );
}

function afterPaint(act: () => void) {
  requestAnimationFrame(() => setTimeout(act));
}
