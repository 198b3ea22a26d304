import { describe, expect, it } from 'vitest';
import { changesOf, effectLines } from './changes.ts';
import { readDetail } from './detail.ts';
import { actionChoices, auditSearch, filterOf, midnight, narrows } from './search.ts';
import type { Settings } from '@/services/me.ts';

const settings: Settings = {
  default_user_role: 'member',
  default_dataset_permission: 'edit',
  default_operator_minimum_role: 'member',
  default_operator_minimum_dataset_permission: 'edit',
  all_runs_minimum_role: 'member',
  api_key_roles: ['member', 'admin'],
  just_in_time_users: true,
};

describe('settings', () => {
  it('sends only those that differ', () => {
    expect(changesOf(settings, { ...settings, api_key_roles: ['member', 'admin'] })).toEqual({});
    expect(changesOf(settings, { ...settings, api_key_roles: ['admin'], just_in_time_users: false })).toEqual({
      api_key_roles: ['admin'],
      just_in_time_users: false,
    });
  });

  it('says what they do to whom, what is lost first', () => {
    const right = { role: 'guest', users: 2, service_accounts: 1, keys: 1 };
    expect(effectLines({ gain: [{ ...right, right: 'all_runs' }], lose: [{ ...right, right: 'api_keys' }] })).toEqual([
      'Guest: 1 API key of 2 users and 1 service account stops working at once.',
      'Guest: other people’s runs are shown to 2 users and 1 service account at once.',
    ]);
  });
});

describe('the audit log', () => {
  it('reads what its address means, and leaves out what it does not know', () => {
    const search = auditSearch({
      outcome: 'maybe',
      action: 'dataset',
      from: '2026-02-30',
      to: '2026-03-01',
      who: 'Ana',
    });
    expect(search).toMatchObject({ outcome: undefined, action: 'dataset', from: undefined, to: '2026-03-01' });
    expect(filterOf(search)).toMatchObject({ action: 'dataset', since: undefined, until: midnight('2026-03-02') });
    expect(narrows(search)).toBe(true);
    expect(narrows(auditSearch({ cursor: 'x' }))).toBe(false);
  });

  it('lists each noun before what was done to it, and rights last', () => {
    const choices = actionChoices(['administer', 'dataset', 'dataset.create', 'service_account.update']);
    expect(choices.map((c) => [c.group, c.items.map((i) => i.value)])).toEqual([
      ['dataset', ['dataset', 'dataset.create']],
      ['service account', ['service_account', 'service_account.update']],
      ['refused, for want of the right', ['administer']],
    ]);
  });

  it('tells edits from what else an entry says', () => {
    const detail = readDetail({
      api_key_roles: { before: ['member', 'admin'], after: [] },
      to: { kind: 'service_account', id: '1', name: 'bot' },
    });
    expect(detail.edits).toEqual([{ field: 'Api key roles', before: 'member, admin', after: 'none' }]);
    expect(detail.rest).toEqual([['To', 'bot (service account)']]);
    expect(readDetail(null)).toEqual({ edits: [], rest: [] });
  });
});
