import { Anchor, Group, SegmentedControl, Table, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Copy } from '@/components/Copy.tsx';
import { columnsOf, type Fields, fieldsOf, isObject, titleOf } from '@/components/run/schema.ts';
import { isWeb, Outward } from '@/components/Outward.tsx';
import type { Schemas } from '@/services/api.ts';
import classes from './run.module.css';

interface Props {
  value: unknown;
  schema: Schemas['Schema'] | null;
}

/** What went into a run or came out of it: as people read it, or as it is. */
export function Values({ value, schema }: Props) {
  const [raw, setRaw] = useState(false);
  const text = JSON.stringify(value, null, 2);
  return (
    <>
      <Group gap="xs" mb="sm">
        <SegmentedControl
          size="xs"
          aria-label="How it is shown"
          value={raw ? 'raw' : 'read'}
          onChange={(v) => setRaw(v === 'raw')}
          data={[
            { value: 'read', label: 'Rendered' },
            { value: 'raw', label: 'Raw' },
          ]}
        />
        <Copy text={text} />
      </Group>
      {raw ? <pre className={classes.code}>{text}</pre> : <Shown value={value} fields={fieldsOf(schema)} />}
    </>
  );
}

/** A value by what it is: objects as terms, lists of objects as tables, else its text. */
function Shown({ value, fields }: { value: unknown; fields: Fields }): ReactNode {
  if (Array.isArray(value)) return <Listed items={value} fields={fields} />;
  if (!isObject(value)) return <Plain value={value} />;
  if (Object.keys(value).length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing
      </Text>
    );
  return (
    <dl className={classes.values}>
      {Object.entries(value).map(([name, v]) => (
        <Term key={name} title={titleOf(fields, name)}>
          <Shown value={v} fields={fields.of?.(name) ?? {}} />
        </Term>
      ))}
    </dl>
  );
}

function Term({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  );
}

const atOnce = 100;

function Listed({ items, fields }: { items: unknown[]; fields: Fields }) {
  const [all, setAll] = useState(false);
  if (items.length === 0)
    return (
      <Text size="sm" c="dimmed">
        None
      </Text>
    );
  const shown = all ? items : items.slice(0, atOnce);
  const columns = columnsOf(shown);
  return (
    <>
      {columns ? (
        <Rows rows={shown as Record<string, unknown>[]} columns={columns} fields={fields} />
      ) : (
        <Lines items={shown} />
      )}
      {items.length > shown.length && (
        <Anchor component="button" type="button" size="sm" onClick={() => setAll(true)}>
          Show all {items.length}
        </Anchor>
      )}
    </>
  );
}

function Lines({ items }: { items: unknown[] }) {
  return items.map((item, i) => (
    <div key={i}>
      <Plain value={item} />
    </div>
  ));
}

interface RowsProps {
  rows: Record<string, unknown>[];
  columns: string[];
  fields: Fields;
}

function Rows({ rows, columns, fields }: RowsProps) {
  return (
    <Table.ScrollContainer minWidth={Math.min(columns.length, 6) * 110}>
      <Table verticalSpacing={4} withRowBorders highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {columns.map((c) => (
              <Table.Th key={c}>{titleOf(fields, c)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, i) => (
            <Table.Tr key={i}>
              {columns.map((c) => (
                <Table.Td key={c}>
                  <Plain value={row[c]} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 });

/** Text stays text, whatever it holds; only a whole web address is a link. */
function Plain({ value }: { value: unknown }) {
  if (value === undefined || value === null)
    return (
      <Text span size="sm" c="dimmed">
        –
      </Text>
    );
  if (typeof value === 'number') return numbers.format(value);
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value === 'string')
    return isWeb(value) ? (
      <Outward to={value} size="sm">
        {value}
      </Outward>
    ) : (
      value
    );
  return <code>{JSON.stringify(value)}</code>;
}
