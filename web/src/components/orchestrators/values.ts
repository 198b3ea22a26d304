import { configOf, forms, secretsOf } from '@/components/orchestrators/kinds.ts';
import { fieldsOf, routeOf, type RouteFields } from '@/components/orchestrators/routes.ts';
import { addOrchestrator, changeOrchestrator, type Kind, type Orchestrator } from '@/services/orchestrators.ts';

/** What the form of an orchestrator holds. */
export interface EditValues {
  kind: Kind;
  name: string;
  quota: number;
  way: string; // to log in
  config: Record<string, string>;
  secrets: Record<string, string>; // empty: as they are
  routes: RouteFields[];
}

/** The form of an orchestrator, or of a new one. */
export function valuesOf(of?: Orchestrator): EditValues {
  const kind = (of?.kind ?? 'airflow') as Kind;
  const before = (of?.config ?? {}) as Record<string, unknown>;
  const named = emptyOf(kind);
  const config = Object.entries(before).filter(
    (e): e is [string, string] => typeof e[1] === 'string' && e[0] in named.config,
  );
  return {
    kind,
    name: of?.name ?? '',
    quota: of?.quota ?? 8,
    way: typeof before.auth === 'string' ? before.auth : named.way,
    config: { ...named.config, ...Object.fromEntries(config) },
    secrets: named.secrets,
    routes: (of?.routes ?? []).map(fieldsOf),
  };
}

/** What is asked of a kind, with nothing filled in. */
export function emptyOf(kind: Kind): Pick<EditValues, 'kind' | 'way' | 'config' | 'secrets'> {
  const asks = forms[kind];
  const none = (fields: { name: string }[]) => Object.fromEntries(fields.map((f) => [f.name, '']));
  return { kind, way: asks?.ways[0] ?? '', config: none(asks?.config ?? []), secrets: none(asks?.secrets ?? []) };
}

/** Adds the orchestrator that a form holds, or changes one to it. */
export function save(values: EditValues, of?: Orchestrator) {
  const asks = forms[values.kind];
  const kept = asks && {
    name: values.name,
    config: configOf(of?.config ?? {}, values.config, asks, values.way),
    secrets: secretsOf(values.secrets, asks, values.way),
  };
  const body = { quota: values.quota, routes: values.routes.map(routeOf), ...kept };
  if (of) return changeOrchestrator(of.id, body);
  return addOrchestrator({ name: values.name, kind: values.kind, ...body });
}
