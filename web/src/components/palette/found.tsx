import { type Icon, IconActivity, IconDatabase, IconDots, IconPlayerPlay, IconUser } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { sectionsFor } from '@/components/shell/sections.ts';
import { datasetsFoundQuery } from '@/services/datasets.ts';
import { isAdmin, useMe } from '@/services/me.ts';
import { operatorsFoundQuery } from '@/services/operators.ts';
import { nameOf, runsQuery } from '@/services/runs.ts';
import { usersQuery } from '@/services/people.ts';

/** Something that one can go to. */
interface Entry {
  key: string;
  label: string;
  about?: string | undefined;
  icon: Icon;
  go: () => void;
  stays?: boolean; // the palette does
}

interface Group {
  label: string;
  entries: Entry[];
}

interface Place {
  id: string;
  name: string;
}

/** What fits a search, by kind. The server searches. */
export function useFound(search: string, here: Place | undefined): { groups: Group[]; busy: boolean } {
  const operators = useOperators(search, here);
  const datasets = useDatasets(search);
  const runs = useRuns(search);
  const people = usePeople(search);
  const pages = usePages(search);
  const busy = [operators, datasets, runs, people].some((part) => part.busy);
  return { groups: [operators, datasets, runs, pages, people].map((part) => part.group), busy };
}

const atOnce = 8;

function useOperators(search: string, here: Place | undefined) {
  const navigate = useNavigate();
  const [more, setMore] = useState({ search, limit: atOnce });
  const limit = more.search === search ? more.limit : atOnce;
  const { data, isFetching } = useQuery(operatorsFoundQuery(search, here?.id, { limit, all: false }));
  const entries: Entry[] = (data?.items ?? []).map((o) => ({
    key: o.uri,
    label: o.label,
    about: o.uri,
    icon: IconPlayerPlay,
    go: () => void navigate({ to: '/schedule', search: { dataset: here?.id, operator: o.uri } }),
  }));
  if (data?.next_cursor) {
    const go = () => setMore({ search, limit: limit + 40 });
    entries.push({ key: 'more', label: 'More operators', icon: IconDots, go, stays: true });
  }
  return { group: { label: here ? `Run on ${here.name}` : 'Run an operator', entries }, busy: isFetching };
}

function useDatasets(search: string) {
  const navigate = useNavigate();
  const { data, isFetching } = useQuery(datasetsFoundQuery(search, search ? 6 : 4));
  const entries = (data?.items ?? []).map((d) => ({
    key: d.id,
    label: d.name,
    icon: IconDatabase,
    go: () => void navigate({ to: '/d/$dataset/runs', params: { dataset: d.id } }),
  }));
  return { group: { label: 'Datasets', entries }, busy: isFetching };
}

function useRuns(search: string) {
  const navigate = useNavigate();
  const enabled = search.length > 1;
  const { data, isFetching } = useQuery({ ...runsQuery({ search }, 6), enabled });
  const entries = (enabled ? (data?.items ?? []) : []).map((run) => ({
    key: run.id,
    label: nameOf(run),
    about: `${run.status} · ${run.dataset ?? 'no dataset'} · ${run.created_by.name}`,
    icon: IconActivity,
    go: () => void navigate({ to: '/runs/$id', params: { id: run.id } }),
  }));
  return { group: { label: 'Runs', entries }, busy: isFetching };
}

function usePages(search: string) {
  const navigate = useNavigate();
  const words = search.toLowerCase();
  const schedule = { to: '/schedule' as const, label: 'Schedule a run', icon: IconPlayerPlay };
  const entries = [schedule, ...sectionsFor(useMe())]
    .filter(({ label }) => label.toLowerCase().includes(words))
    .map(({ to, label, icon }) => ({ key: label, label, icon, go: () => void navigate({ to }) }));
  return { group: { label: 'Pages', entries } };
}

function usePeople(search: string) {
  const navigate = useNavigate();
  const enabled = isAdmin(useMe()) && search.length > 1;
  const { data, isFetching } = useQuery({
    ...usersQuery({ q: search }, 5),
    enabled,
    placeholderData: keepPreviousData,
  });
  const entries = (enabled ? (data?.items ?? []) : []).map((person) => ({
    key: person.id,
    label: person.name,
    about: person.email,
    icon: IconUser,
    go: () => void navigate({ to: '/team/users/$id', params: { id: person.id } }),
  }));
  return { group: { label: 'People', entries }, busy: isFetching };
}
