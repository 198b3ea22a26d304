import { Group } from '@mantine/core';
import { SomeMenu, SortMenu } from '@/components/filters.tsx';
import { Searching } from '@/components/Searching.tsx';
import { useSearchChange } from '@/components/searchChange.ts';
import { type Role, roles, roleWord } from '@/services/me.ts';
import type { PeopleSearch, PeopleSort } from '@/services/people.ts';

interface Props {
  label: string;
  placeholder: string;
  search: PeopleSearch;
  sorts: Partial<Record<PeopleSort, string>>;
}

const mostFirst = [...roles].reverse();
const none: Role[] = [];

/** Which users or service accounts a list shows, and in which order. All of it lives in the address. */
export function PeopleFilters({ label, placeholder, search, sorts }: Props) {
  const change = useSearchChange<PeopleSearch>();
  return (
    <Group gap="xs" mb="sm" role="search" aria-label={label}>
      <SomeMenu
        of={{ one: 'Role', many: 'roles', all: 'All roles' }}
        known={mostFirst}
        word={roleWord}
        chosen={search.role ?? none}
        onChange={(role) => change({ role })}
      />
      <Searching label="Search" placeholder={placeholder} text={search.q} find={(q) => change({ q })} />
      <SortMenu words={sorts} chosen={search.sort} standard="name" onChange={(sort) => change({ sort })} />
    </Group>
  );
}
