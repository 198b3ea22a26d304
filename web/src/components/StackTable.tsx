import { Table, type TableProps } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './StackTable.module.css';

interface Props extends TableProps {
  label: string; // what it lists, for who does not see it
  columns: number;
  bordered?: boolean;
}

/** Up to so many columns fit beside each other everywhere. */
const fit = 3;

/** A table. Where there is no room for its columns, each row becomes a small list of them. */
export function StackTable({ label, columns, bordered = false, ...props }: Props) {
  return (
    <div className={classes.frame} data-bordered={bordered || undefined}>
      <Table {...props} aria-label={label} className={classes.table ?? ''} data-many={columns > fit || undefined} />
    </div>
  );
}

interface CellProps {
  label?: string | undefined; // the title of the column, for a row that became a list
  mine?: boolean; // it is about who looks
  className?: string | undefined;
  children: ReactNode;
}

/** A cell of such a table. The one without a label heads the list. */
export function Cell({ label, mine = false, className = '', children }: CellProps) {
  return (
    <Table.Td data-label={label} data-mine={mine || undefined} className={className}>
      <div>{children}</div>
    </Table.Td>
  );
}
