import { roleWord, type Settings } from '@/services/me.ts';
import type { RoleRight, SettingsChange, SettingsEffect } from '@/services/settings.ts';

/** The settings that differ, as they are to be. */
export function changesOf(before: Settings, after: Settings): SettingsChange {
  const names = Object.keys(after) as (keyof SettingsChange)[];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return Object.fromEntries(changed.map((name) => [name, after[name]]));
}

/** What a change of the settings does to whom, a sentence a role. */
export function effectLines({ gain, lose }: SettingsEffect): string[] {
  return [...lose.map((r) => line(r, false)), ...gain.map((r) => line(r, true))];
}

function line(right: RoleRight, gains: boolean): string {
  const who = `${roleWord(right.role)}: `;
  if (right.right === 'api_keys') {
    const keys = counted(right.keys, 'API key', 'API keys');
    const verb = gains ? (right.keys === 1 ? 'works' : 'work') : right.keys === 1 ? 'stops working' : 'stop working';
    return `${who}${keys} of ${people(right)} ${verb} at once.`;
  }
  return `${who}other people’s runs are ${gains ? 'shown to' : 'hidden from'} ${people(right)} at once.`;
}

function people({ users, service_accounts: accounts }: RoleRight): string {
  const parts = [
    users > 0 || accounts === 0 ? counted(users, 'user', 'users') : '',
    accounts > 0 ? counted(accounts, 'service account', 'service accounts') : '',
  ];
  return parts.filter(Boolean).join(' and ');
}

function counted(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
