import { Button, Group, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDownload, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { OneOf } from '@/components/OneOf.tsx';
import { actionChoices, type AuditSearch, filterOf } from '@/components/security/search.ts';
import { actorsQuery, auditActionsQuery, exportAddress } from '@/services/audit.ts';

interface Props {
  search: AuditSearch;
  change: (to: Partial<AuditSearch>) => void;
}

/** Which entries show. All of it lives in the address. */
export function AuditFilters({ search, change }: Props) {
  return (
    <Group gap="xs" role="search" aria-label="Audit log">
      <ActorFilter search={search} change={change} />
      <ActionFilter chosen={search.action} onChange={(action) => change({ action })} />
      <OneOf
        aria-label="Outcome"
        value={search.outcome ?? 'all'}
        onChange={(v) => change({ outcome: v === 'all' ? undefined : v })}
        options={[
          { value: 'all', label: 'All' },
          { value: 'done', label: 'Done' },
          { value: 'refused', label: 'Refused' },
        ]}
      />
      <Day label="From" value={search.from} onChange={(from) => change({ from })} />
      <Day label="To" value={search.to} onChange={(to) => change({ to })} />
      {search.object && (
        <Button
          size="xs"
          variant="light"
          rightSection={<IconX size={14} aria-hidden />}
          aria-label="Show all targets again"
          onClick={() => change({ object: undefined })}
        >
          One target
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        ml="auto"
        component="a"
        href={exportAddress(filterOf(search))}
        download
        leftSection={<IconDownload size={14} aria-hidden />}
      >
        Export
      </Button>
    </Group>
  );
}

function ActorFilter({ search, change }: Props) {
  const [typed, setTyped] = useState(search.who ?? '');
  const [part] = useDebouncedValue(typed.trim(), 200);
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ ...actorsQuery(part), enabled: opened });
  const found = (data ?? []).map((a) => ({ value: a.id, label: a.name }));
  const { actor, who } = search;
  const known = actor === undefined || found.some((a) => a.value === actor);
  return (
    <Select
      size="xs"
      w={176}
      aria-label="Who did it"
      placeholder="Anybody"
      searchable
      clearable
      filter={({ options }) => options} // the server has searched
      nothingFoundMessage="Nobody is called so"
      data={known ? found : [...found, { value: actor, label: who ?? actor }]}
      searchValue={typed}
      onSearchChange={setTyped}
      onDropdownOpen={() => setOpened(true)}
      value={actor ?? null}
      onChange={(id, option) => change({ actor: id ?? undefined, who: option?.label })}
    />
  );
}

function ActionFilter({
  chosen,
  onChange,
}: {
  chosen: string | undefined;
  onChange: (to: string | undefined) => void;
}) {
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ ...auditActionsQuery, enabled: opened || chosen !== undefined });
  const choices = actionChoices(data?.items ?? []);
  const known = chosen === undefined || choices.some((c) => c.items.some((i) => i.value === chosen));
  return (
    <Select
      size="xs"
      w={176}
      aria-label="What was done"
      placeholder="Anything"
      searchable
      clearable
      nothingFoundMessage="Nothing like this was done"
      data={known ? choices : [...choices, { group: 'Other', items: [{ value: chosen, label: chosen }] }]}
      value={chosen ?? null}
      onChange={(v) => onChange(v ?? undefined)}
      onDropdownOpen={() => setOpened(true)}
    />
  );
}

interface DayProps {
  label: string;
  value: string | undefined;
  onChange: (to: string | undefined) => void;
}

function Day({ label, value, onChange }: DayProps) {
  return (
    <TextInput
      size="xs"
      type="date"
      w={172}
      aria-label={label}
      leftSection={
        <Text size="xs" c="dimmed" aria-hidden>
          {label}
        </Text>
      }
      leftSectionWidth={46}
      value={value ?? ''}
      onChange={(e) => onChange(e.currentTarget.value || undefined)}
    />
  );
}
