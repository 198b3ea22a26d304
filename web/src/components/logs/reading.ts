import { useLocalStorage } from '@mantine/hooks';
import { useState } from 'react';

/** How somebody reads a log. */
export interface Reading {
  grows: boolean;
  tail: boolean; // keep its end in sight as it grows
  setTail: (on: boolean) => void;
  wrap: boolean; // long lines
  setWrap: (on: boolean) => void;
}

export function useReading(grows: boolean): Reading {
  const [tail, setTail] = useState(true);
  const [wrap, setWrap] = useLocalStorage({
    key: 'signalbox-log-wrap',
    defaultValue: true,
    getInitialValueInEffect: false,
  });
  return { grows, tail: grows && tail, setTail, wrap, setWrap };
}
