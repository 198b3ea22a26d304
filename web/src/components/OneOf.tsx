import { type ComponentProps, useId } from 'react';
import classes from './OneOf.module.css';

interface Props<T extends string> extends Omit<ComponentProps<'div'>, 'onChange'> {
  'aria-label': string;
  options: readonly { value: T; label: string }[];
  value: T | undefined; // undefined: none is chosen
  onChange: (to: T) => void;
  disabled?: boolean;
  readOnly?: boolean;
  large?: boolean; // as large as the fields of a form
}

/** Chooses one of a few values that stand side by side. Mantine's measures itself on the page, which is slow. */
export function OneOf<T extends string>({ options, value, onChange, disabled, readOnly, large, ...rest }: Props<T>) {
  const name = useId();
  return (
    <div {...rest} role="radiogroup" className={classes.group} data-large={large ? true : undefined}>
      {options.map((o) => (
        <label key={o.value} className={classes.one}>
          <input
            type="radio"
            name={name}
            checked={o.value === value}
            disabled={disabled}
            onChange={() => !readOnly && onChange(o.value)}
          />
          {o.label}
        </label>
      ))}
    </div>
  );
}
