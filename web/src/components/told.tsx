import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';
import { isProblem } from '@/services/api.ts';

/** Tells in a corner what was done. */
export function tell(message: ReactNode) {
  notifications.show({ message, autoClose: 5000, withBorder: true });
}

/** Tells in a corner what could not be done, and why. It stays until somebody closes it. */
export function tellTrouble(what: string, error: unknown) {
  const why = error instanceof Error ? error.message : String(error);
  const request = isProblem(error) && error.status >= 500 ? ` (request ${error.request})` : '';
  notifications.show({ title: what, message: why + request, color: 'red', autoClose: false, withBorder: true });
}
