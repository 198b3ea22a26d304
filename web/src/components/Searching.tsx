import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

interface Props {
  label: string;
  placeholder: string;
  text: string | undefined; // what the address says
  find: (text: string | undefined) => void;
  aside?: ReactNode; // how it searches, at the end of the field
}

/** Searches as one types: the address follows a moment later. */
export function Searching({ label, placeholder, text, find, aside }: Props) {
  const [typed, setTyped] = useState(text ?? '');
  const [told, setTold] = useState(text);
  const [known, setKnown] = useState(text);
  const tell = useDebouncedCallback((to: string | undefined) => {
    setTold(to);
    find(to);
  }, 200);
  if (known !== text) {
    setKnown(text);
    if (text !== told) setTyped(text ?? ''); // by other means than typing, such as going back
  }
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
      value={typed}
      onChange={(e) => {
        setTyped(e.currentTarget.value);
        tell(e.currentTarget.value.trim() || undefined);
      }}
    />
  );
}
