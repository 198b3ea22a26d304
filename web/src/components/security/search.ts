import { type AuditFilter, type Outcome, outcomes } from '@/services/audit.ts';
import { oneOf, textOf } from '@/services/search.ts';

/** What the address of the audit log holds, so that a link shows the same entries. */
export interface AuditSearch {
  actor?: string | undefined; // id
  who?: string | undefined; // what the actor is called
  action?: string | undefined;
  object?: string | undefined; // id
  outcome?: Outcome | undefined;
  from?: string | undefined; // a day, here
  to?: string | undefined; // a day, with all of it
  cursor?: string | undefined;
}

/** Reads the address; what it does not know is left out. */
export function auditSearch(given: Record<string, unknown>): AuditSearch {
  return {
    actor: textOf(given.actor),
    who: textOf(given.who),
    action: textOf(given.action),
    object: textOf(given.object),
    outcome: oneOf(outcomes, given.outcome),
    from: dayOf(given.from),
    to: dayOf(given.to),
    cursor: textOf(given.cursor),
  };
}

function dayOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) && midnight(text) !== undefined ? text : undefined;
}

/** When a day begins here, or the one so many days later; nothing for a day that is none. */
export function midnight(day: string, later = 0): string | undefined {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const begins = new Date(year, month - 1, date + later);
  if (later === 0 && begins.getDate() !== date) return undefined;
  return begins.toISOString();
}

/** The entries of the server that an address means. */
export function filterOf(search: AuditSearch): AuditFilter {
  return {
    actor: search.actor,
    action: search.action,
    object: search.object,
    outcome: search.outcome,
    since: search.from && midnight(search.from),
    until: search.to && midnight(search.to, 1),
  };
}

/** Tells whether an address narrows the log down. */
export function narrows({ actor, action, object, outcome, from, to }: AuditSearch): boolean {
  return Boolean(actor ?? action ?? object ?? outcome ?? from ?? to);
}

interface Choices {
  group: string;
  items: { value: string; label: string }[];
}

/** The actions for a choice: each noun alone, then what was done to it; last the rights that were missing. */
export function actionChoices(actions: string[]): Choices[] {
  const groups: Choices[] = [];
  const rights: Choices = { group: 'refused, for want of the right', items: [] };
  for (const action of actions) {
    const [noun = '', verb] = action.split('.');
    const item = { value: action, label: action };
    if (verb === undefined) {
      rights.items.push(item);
      continue;
    }
    const group = noun.replaceAll('_', ' ');
    const last = groups.at(-1);
    if (last?.group === group) last.items.push(item);
    else groups.push({ group, items: [{ value: noun, label: `all of ${group}` }, item] });
  }
  const known = new Set(groups.flatMap((g) => g.items.map((i) => i.value)));
  rights.items = rights.items.filter((i) => !known.has(i.value));
  return rights.items.length > 0 ? [...groups, rights] : groups;
}
