import type { Kind } from '@/services/orchestrators.ts';

/** A setting that a form asks for. */
export interface Field {
  name: string;
  label: string;
  needs?: string[]; // the ways to log in that ask for it; missing: all
  about?: string;
}

/** What the form of a kind asks. Other settings are kept as they are. */
export interface Form {
  ways: string[]; // to log in
  config: Field[];
  secrets: Field[];
}

/** The kinds that can be added. */
export const forms: Partial<Record<Kind, Form>> = {
  airflow: {
    ways: ['password', 'token', 'keycloak', 'mwaa', 'composer'],
    config: [
      { name: 'url', label: 'Address', about: 'With its path, if it has one: https://host/airflow' },
      { name: 'username', label: 'User name', needs: ['password', 'mwaa'] },
      { name: 'client_id', label: 'Client id', needs: ['keycloak'] },
      { name: 'region', label: 'Region', needs: ['mwaa'] },
      { name: 'environment', label: 'Environment', needs: ['mwaa'] },
    ],
    secrets: [
      { name: 'password', label: 'Password', needs: ['password', 'mwaa'] },
      { name: 'token', label: 'Token', needs: ['token'] },
      { name: 'client_secret', label: 'Client secret', needs: ['keycloak'] },
    ],
  },
  flyte: {
    ways: ['none', 'token', 'client_credentials'],
    config: [
      { name: 'url', label: 'Address' },
      { name: 'project', label: 'Project' },
      { name: 'domain', label: 'Domain' },
      { name: 'client_id', label: 'Client id', needs: ['client_credentials'] },
    ],
    secrets: [
      { name: 'token', label: 'Token', needs: ['token'] },
      { name: 'client_secret', label: 'Client secret', needs: ['client_credentials'] },
    ],
  },
};

/** Tells which of these a way to log in asks for. */
export function asked(fields: Field[], way: string): Field[] {
  return fields.filter((f) => !f.needs || f.needs.includes(way));
}

/** The settings to keep: those there were, and over them what the form asks for. What was emptied is taken away. */
export function configOf(before: object, typed: Record<string, string>, form: Form, way: string): object {
  const all = { ...before, ...only(typed, asked(form.config, way)), auth: way };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** The secrets to change: those that are left empty stay as they are. */
export function secretsOf(typed: Record<string, string>, form: Form, way: string): Record<string, string> {
  const given = only(typed, asked(form.secrets, way));
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
}

function only(typed: Record<string, string>, fields: Field[]): Record<string, string> {
  return Object.fromEntries(Object.entries(typed).filter(([name]) => fields.some((f) => f.name === name)));
}
