import { Loader, Select, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Operator, operatorQuery, operatorsFoundQuery } from '@/services/operators.ts';

interface Props {
  chosen: string | undefined; // URI
  dataset: string | undefined;
  choose: (uri: string | undefined) => void;
}

/** Chooses the operator. Those that one may not run say why. */
export function OperatorChoice({ chosen, dataset, choose }: Props) {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, 200);
  const { data: now } = useQuery({ ...operatorQuery(chosen ?? '', dataset), enabled: chosen !== undefined });
  // What was chosen stands in the field: that is no search.
  const asked = search === now?.label ? '' : search;
  const { data, isFetching } = useQuery(operatorsFoundQuery(asked, dataset));
  const found = data?.items ?? [];
  const items = now && !found.some((o) => o.uri === now.uri) ? [now, ...found] : found;
  const byURI = new Map(items.map((o) => [o.uri, o]));
  return (
    <Select
      label="Operator"
      placeholder="Search by name or URI"
      searchable
      withAsterisk
      nothingFoundMessage={isFetching ? 'Searching…' : 'No such operator'}
      rightSection={isFetching ? <Loader size="xs" /> : undefined}
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options }) => options}
      value={chosen ?? null}
      onChange={(uri) => choose(uri ?? undefined)}
      data={items.map((o) => ({ value: o.uri, label: o.label, disabled: o.why_not !== null }))}
      renderOption={({ option }) => <Option of={byURI.get(option.value)} />}
    />
  );
}

function Option({ of }: { of: Operator | undefined }) {
  return (
    <Stack gap={0}>
      <Text size="sm">{of?.label}</Text>
      <Text size="xs" c="dimmed">
        {of?.uri}
      </Text>
      {of?.why_not && <Text size="xs">{of.why_not}</Text>}
    </Stack>
  );
}
