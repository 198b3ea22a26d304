import { Button, Group, Table, Text, UnstyledButton } from '@mantine/core';
import { IconBan, IconCheck, IconChevronRight } from '@tabler/icons-react';
import { Ago } from '@/components/Ago.tsx';
import { type Detail, readDetail } from '@/components/security/detail.ts';
import type { AuditSearch } from '@/components/security/search.ts';
import { StackTable } from '@/components/StackTable.tsx';
import type { AuditEntry } from '@/services/audit.ts';
import { absolute } from '@/services/times.ts';
import classes from './Audit.module.css';

interface Props {
  entry: AuditEntry;
  open: boolean;
  toggle: () => void;
  change: (to: Partial<AuditSearch>) => void;
}

/** One entry of the audit log: a line, and all of it once it is unfolded. */
export function AuditRow({ entry, open, toggle, change }: Props) {
  const refused = entry.outcome === 'refused';
  const who = entry.actor?.name ?? 'Nobody known';
  return (
    <li data-entry={entry.id}>
      <UnstyledButton className={classes.row ?? ''} aria-expanded={open} onClick={toggle}>
        <IconChevronRight size={14} aria-hidden className={classes.arrow ?? ''} />
        <span className={classes.at}>
          <Ago at={entry.at} />
        </span>
        <span className={classes.who}>{who}</span>
        <span className={classes.action}>{entry.action}</span>
        <span className={classes.target}>{targetOf(entry)}</span>
        <span className={classes.outcome} data-refused={refused || undefined}>
          {refused ? <IconBan size={14} aria-hidden /> : <IconCheck size={14} aria-hidden />}
          {refused ? 'Refused' : 'Done'}
          {entry.count > 1 && ` × ${entry.count}`}
        </span>
      </UnstyledButton>
      {open && <Unfolded entry={entry} change={change} />}
    </li>
  );
}

/** What an entry is about, in words. */
export function targetOf({ object }: AuditEntry): string {
  if (!object) return '';
  const kind = object.kind.replaceAll('_', ' ');
  const name = object.name || object.id;
  return name === object.kind ? kind : `${kind} ${name}`.trim();
}

function Unfolded({ entry, change }: Pick<Props, 'entry' | 'change'>) {
  const { actor, object } = entry;
  return (
    <div className={classes.unfolded}>
      <Changes of={readDetail(entry.detail)} />
      <dl className={classes.facts}>
        <Fact name="When" value={absolute(entry.at).replace('\n', ' · ')} />
        <Fact name="From" value={entry.address} />
        <Fact name="With" value={entry.via} />
        <Fact name="Request" value={entry.request_id} />
        <Fact name="Target" value={object?.id} />
        <Fact name="Seal" value={entry.chain === null ? 'Not sealed yet' : `Place ${entry.chain} in the chain`} />
      </dl>
      <Group gap="xs">
        {actor?.id && (
          <Button size="compact-xs" variant="default" onClick={() => change({ actor: actor.id, who: actor.name })}>
            All by {actor.name}
          </Button>
        )}
        {object?.id && (
          <Button size="compact-xs" variant="default" onClick={() => change({ object: object.id })}>
            All about this target
          </Button>
        )}
      </Group>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string | undefined }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** What was changed, before and after. */
function Changes({ of: { edits, rest } }: { of: Detail }) {
  if (edits.length + rest.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        There is no more to say about what changed.
      </Text>
    );
  }
  return (
    <>
      {rest.length > 0 && (
        <dl className={classes.facts}>
          {rest.map(([name, value]) => (
            <Fact key={name} name={name} value={value} />
          ))}
        </dl>
      )}
      {edits.length > 0 && (
        <StackTable label="What changed" columns={3} verticalSpacing={4} withRowBorders={false}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Field</Table.Th>
              <Table.Th>Before</Table.Th>
              <Table.Th>After</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {edits.map((e) => (
              <Table.Tr key={e.field}>
                <Table.Td>{e.field}</Table.Td>
                <Table.Td>{e.before}</Table.Td>
                <Table.Td>{e.after}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </StackTable>
      )}
    </>
  );
}
