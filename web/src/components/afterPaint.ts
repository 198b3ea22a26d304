import { useCallback, useDeferredValue, useEffect, useRef } from 'react';

/** Does something once the browser has painted, such as a button that is pressed; nothing when the page is another by then. */
export function useAfterPaint() {
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  return useCallback((act: () => void) => {
    requestAnimationFrame(() =>
      setTimeout(() => {
        if (!gone.current) act();
      }),
    );
  }, []);
}

/** Whether the first paint of what uses it is over. What is costly, or not in sight, waits for that. */
export function useLater(): boolean {
  return useDeferredValue(true, false);
}
