import { Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Operator, operatorsQuery } from '@/services/operators.ts';

interface Props {
  chosen: string | undefined; // URI
  dataset: string | undefined;
  choose: (uri: string | undefined) => void;
}

/** Chooses the operator. Those that one may not run say why. */
export function OperatorChoice({ chosen, dataset, choose }: Props) {
  const { data } = useQuery(operatorsQuery(dataset));
  const items = data?.items ?? [];
  const byURI = new Map(items.map((o) => [o.uri, o]));
  return (
    <Select
      label="Operator"
      placeholder="Search by name or URI"
      searchable
      nothingFoundMessage="No such operator"
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
