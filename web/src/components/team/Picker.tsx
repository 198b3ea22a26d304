import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Named } from '@/components/team/deeds.ts';

interface Option extends Named {
  about?: string; // what tells those of one name apart
}

interface Props {
  label: string;
  placeholder: string;
  nothing: string; // what is said when nothing fits
  find: (text: string) => Promise<Option[]>; // the first that fit
  of: string; // what is looked for, apart from other lists
  onChange: (chosen: Named | undefined) => void;
}

const none: Option[] = [];

/** Chooses one of many, who are looked for at the server as one types. */
export function Picker({ label, placeholder, nothing, find, of, onChange }: Props) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<Option>();
  const [asked] = useDebouncedValue(text, 200);
  const wanted = chosen && asked === wordsOf(chosen) ? '' : asked;
  const { data, isFetching } = useQuery({
    queryKey: ['picker', of, wanted],
    queryFn: () => find(wanted),
    placeholderData: (before: Option[] | undefined) => before,
  });
  const found = data ?? none;
  const shown = chosen && !found.some((o) => o.id === chosen.id) ? [chosen, ...found] : found;
  return (
    <Select
      label={label}
      placeholder={placeholder}
      searchable
      clearable
      data-autofocus
      searchValue={text}
      onSearchChange={setText}
      filter={({ options }) => options} // the server has filtered them
      nothingFoundMessage={isFetching ? 'Searching…' : nothing}
      data={shown.map((o) => ({ value: o.id, label: wordsOf(o) }))}
      value={chosen?.id ?? null}
      onChange={(id) => {
        const next = shown.find((o) => o.id === id);
        setChosen(next);
        onChange(next);
      }}
    />
  );
}

function wordsOf({ name, about }: Option): string {
  return about ? `${name} (${about})` : name;
}
