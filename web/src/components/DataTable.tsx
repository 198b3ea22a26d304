import { Table, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import {
  type ColumnDef,
  type Column,
  createSortedRowModel,
  FlexRender,
  type Row as TableRow,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { memo, type ReactNode } from 'react';
import { Empty } from '@/components/Empty.tsx';
import { Cell, StackTable } from '@/components/StackTable.tsx';
import classes from './DataTable.module.css';

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

/**
 * The columns of a table of such rows. One with an accessor can be sorted by a press on its title. What a cell shows comes from
 * its row alone, or from hooks of its own: rows that stay the same are not rendered again.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each column has a value of its own type
export type Columns<Row> = ColumnDef<typeof features, Row & object, any>[];

/** A column without a title holds buttons. */
const defaultColumn = { header: () => <VisuallyHidden>Actions</VisuallyHidden> };

interface Props<Row> {
  label: string; // what it lists, for who does not see it
  rows: Row[];
  columns: Columns<Row>; // made once: outside of the component, or by useMemo
  empty: ReactNode; // one sentence and the next action
  idOf?: (row: Row) => string; // what tells rows apart, if they have no id
}

const ownId = (row: object) => (row as { id: string }).id;

/** A list as a table, which a press on a title sorts. */
export function DataTable<Row extends object>({ label, rows, columns, empty, idOf = ownId }: Props<Row>) {
  const table = useTable({ features, columns, defaultColumn, data: rows, getRowId: idOf });
  if (rows.length === 0) return <Empty>{empty}</Empty>;
  return (
    <StackTable
      label={label}
      columns={columns.length}
      bordered
      verticalSpacing="xs"
      horizontalSpacing="sm"
      highlightOnHover
    >
      <Table.Thead>
        {table.getHeaderGroups().map((group) => (
          <Table.Tr key={group.id}>
            {group.headers.map((header) => (
              <Table.Th
                key={header.id}
                aria-sort={sorted(header.column)}
                data-sorts={header.column.getCanSort() || undefined}
              >
                <Title column={header.column}>
                  <FlexRender header={header} />
                </Title>
              </Table.Th>
            ))}
          </Table.Tr>
        ))}
      </Table.Thead>
      <Table.Tbody>
        {table.getRowModel().rows.map((row) => (
          <Line key={row.id} row={row} of={row.original} columns={columns} />
        ))}
      </Table.Tbody>
    </StackTable>
  );
}

interface LineProps<Row extends object> {
  row: TableRow<typeof features, Row>;
  of: Row;
  columns: Columns<Row>;
}

/** A row, which is rendered again when what it is of, or a column, is another. */
const Line = memo(
  function Line<Row extends object>({ row }: LineProps<Row>) {
    return (
      <Table.Tr>
        {row.getAllCells().map((cell, i) => (
          <Cell
            key={cell.id}
            label={i === 0 ? undefined : titleOf(cell.column)}
            className={untitled(cell.column) ? classes.deeds : undefined}
          >
            <FlexRender cell={cell} />
          </Cell>
        ))}
      </Table.Tr>
    );
  },
  (a, b) => a.of === b.of && a.columns === b.columns,
) as <Row extends object>(props: LineProps<Row>) => ReactNode;

function untitled<Row extends object>(column: AnyColumn<Row>): boolean {
  return column.columnDef.header === defaultColumn.header;
}

/** The title of a column, if it names what is in it. */
function titleOf<Row extends object>(column: AnyColumn<Row>): string | undefined {
  const title = column.columnDef.header;
  return typeof title === 'string' && title !== 'Actions' ? title : undefined;
}

type AnyColumn<Row extends object> = Column<typeof features, Row>;

function Title<Row extends object>({ column, children }: { column: AnyColumn<Row>; children: ReactNode }) {
  if (!column.getCanSort()) return children;
  const order = column.getIsSorted();
  return (
    <UnstyledButton className={classes.title ?? ''} onClick={() => column.toggleSorting()}>
      {children}
      {order === 'asc' && <IconArrowUp size={14} aria-hidden />}
      {order === 'desc' && <IconArrowDown size={14} aria-hidden />}
    </UnstyledButton>
  );
}

function sorted<Row extends object>(column: AnyColumn<Row>) {
  const order = column.getIsSorted();
  if (order === false) return undefined;
  return order === 'asc' ? 'ascending' : 'descending';
}
