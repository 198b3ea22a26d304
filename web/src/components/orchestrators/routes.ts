import type { Kind, Route } from '@/services/orchestrators.ts';

/** A route as a form shows it: each setting is there, empty for none. */
export interface RouteFields {
  operators: string[];
  target: Record<Target, string>;
  inputs: string; // JSON
  start_within: string;
  any_log_path: boolean;
}

export type Target = 'pool' | 'dag_id' | 'launch_plan' | 'task' | 'version';

/** What the target of a route is called at each kind. */
export const targets: Record<Kind, { name: Target; label: string; about?: string }[]> = {
  builtin: [{ name: 'pool', label: 'Pool', about: 'Of workers' }],
  airflow: [{ name: 'dag_id', label: 'DAG' }],
  flyte: [
    { name: 'launch_plan', label: 'Launch plan' },
    { name: 'task', label: 'Task', about: 'Instead of a launch plan' },
    { name: 'version', label: 'Version', about: 'A task needs one; a launch plan without one is the active one' },
  ],
};

const nowhere: RouteFields['target'] = { pool: '', dag_id: '', launch_plan: '', task: '', version: '' };

/** A route that is still to be filled in. */
export const newRoute: RouteFields = {
  operators: [],
  target: nowhere,
  inputs: '',
  start_within: '',
  any_log_path: false,
};

/** Shows a route in a form. */
export function fieldsOf(route: Route): RouteFields {
  return {
    operators: route.operators,
    target: { ...nowhere, ...route.target },
    inputs: route.inputs === undefined || route.inputs === null ? '' : JSON.stringify(route.inputs, null, 2),
    start_within: route.start_within ?? '',
    any_log_path: route.any_log_path ?? false,
  };
}

/** The route that a form has: what is empty is left out. */
export function routeOf(fields: RouteFields): Route {
  const target = Object.fromEntries(Object.entries(fields.target).filter(([, name]) => name !== ''));
  return {
    operators: fields.operators,
    target,
    ...(fields.inputs.trim() && { inputs: JSON.parse(fields.inputs) as unknown }),
    ...(fields.start_within && { start_within: fields.start_within }),
    ...(fields.any_log_path && { any_log_path: true }),
  };
}

/** Says what is wrong with a text that is to be JSON, if it is there. */
export function notJSON(text: string): string | null {
  try {
    if (text.trim()) JSON.parse(text);
    return null;
  } catch (e) {
    return e instanceof Error ? e.message : String(e);
  }
}
