import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef } from 'react';

interface Props {
  label: string;
  placeholder: string;
  text: string | undefined; // what the address says
  find: (text: string | undefined) => void;
  aside?: ReactNode; // how it searches, at the end of the field
}

/** Searches as one types: the address follows a moment later. Typing renders nothing, so that it is quick. */
export function Searching({ label, placeholder, text, find, aside }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const told = useRef(text);
  const tell = useDebouncedCallback((to: string | undefined) => {
    told.current = to;
    find(to);
  }, 200);
  useEffect(() => {
    if (text === told.current || !field.current) return;
    tell.cancel();
    told.current = text; // by other means than typing, such as going back
    field.current.value = text ?? '';
  }, [text, tell]);
  return (
    <TextInput
      size="xs"
      type="search"
      aria-label={label}
      data-search
      placeholder={placeholder}
      flex="1 1 200px"
      maw={360}
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={aside}
      ref={field}
      defaultValue={text}
      onChange={(e) => tell(e.currentTarget.value.trim() || undefined)}
    />
  );
}
