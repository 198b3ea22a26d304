import { Anchor, Table, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { isWeb, Outward } from '@/components/Outward.tsx';
import { Cell, StackTable } from '@/components/StackTable.tsx';
import { type FormModel, isObject } from '@/forms/model.ts';
import { columnsOf, itemOf, namesIn, saidOf, titleOf, within } from '@/forms/nodes.ts';
import { Said } from '@/forms/Said.tsx';
import classes from './forms.module.css';

interface Props {
  value: unknown;
  model: FormModel;
}

/** A value as people read it: by its schema where that says how, else by what it is. */
export function Shown({ value, model }: Props): ReactNode {
  const what = saidOf(model);
  const byType = <ByType value={value} model={model} />;
  return what ? <Said what={what} value={value} otherwise={byType} /> : byType;
}

/** Objects as terms, lists of objects as tables, else its text. */
function ByType({ value, model }: Props): ReactNode {
  if (Array.isArray(value)) return <Listed items={value} model={model} />;
  if (!isObject(value)) return <Plain value={chosen(value, model)} />;
  const names = namesIn(model, value);
  if (names.length === 0) return <Nothing>Nothing</Nothing>;
  return (
    <dl className={classes.values}>
      {names.map((name) => (
        <Term key={name} title={titleOf(model, name)}>
          <Shown value={value[name]} model={within(model, name)} />
        </Term>
      ))}
    </dl>
  );
}

/** A choice is shown by its title. */
function chosen(value: unknown, { schema }: FormModel): unknown {
  const choice = schema.oneOf?.find((o) => isObject(o) && o.const === value && value !== undefined);
  return isObject(choice) && typeof choice.title === 'string' ? choice.title : value;
}

function Term({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Nothing({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  );
}

const atOnce = 100;

function Listed({ items, model }: { items: unknown[]; model: FormModel }) {
  const [all, setAll] = useState(false);
  if (items.length === 0) return <Nothing>None</Nothing>;
  const shown = all ? items : items.slice(0, atOnce);
  const columns = saidOf(model)?.columns?.map((c) => c.key) ?? columnsOf(shown);
  return (
    <>
      {columns && shown.every(isObject) ? (
        <Rows rows={shown} columns={columns} model={model} />
      ) : (
        shown.map((item, i) => (
          <div key={i}>
            <Shown value={item} model={itemOf(model, i)} />
          </div>
        ))
      )}
      {items.length > shown.length && (
        <Anchor component="button" type="button" size="sm" onClick={() => setAll(true)}>
          Show all {items.length}
        </Anchor>
      )}
    </>
  );
}

interface RowsProps {
  rows: Record<string, unknown>[];
  columns: string[];
  model: FormModel;
}

function Rows({ rows, columns, model }: RowsProps) {
  const labels = new Map(saidOf(model)?.columns?.map((c) => [c.key, c.label]));
  const row = itemOf(model, 0);
  const title = (column: string) => labels.get(column) ?? titleOf(row, column);
  return (
    <StackTable label="Values" columns={columns.length} verticalSpacing={4} withRowBorders highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          {columns.map((c) => (
            <Table.Th key={c}>{title(c)}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((one, i) => (
          <Table.Tr key={i}>
            {columns.map((c) => (
              <Cell key={c} label={title(c)}>
                <Plain value={one[c]} />
              </Cell>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </StackTable>
  );
}

const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 });

/** Text stays text, whatever it holds; only a whole web address is a link. */
function Plain({ value }: { value: unknown }) {
  if (value === undefined || value === null) return <Nothing>–</Nothing>;
  if (typeof value === 'number') return numbers.format(value);
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value !== 'string') return <code>{JSON.stringify(value)}</code>;
  return isWeb(value) ? (
    <Outward to={value} size="sm">
      {value}
    </Outward>
  ) : (
    value
  );
}
