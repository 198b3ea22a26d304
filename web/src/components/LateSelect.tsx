import { Combobox, Input, Select, type SelectProps } from '@mantine/core';
import { useState } from 'react';
import { useLater } from '@/components/afterPaint.ts';

interface Props extends SelectProps {
  shown: string | undefined; // the label of what is chosen
}

/** A Select. In the first paint of a page a field that looks the same takes the place of one without a label: it costs far less. */
export function LateSelect({ shown, ...props }: Props) {
  const later = useLater();
  const [held, hold] = useState(false); // the focus, which the Select takes over
  if (later || props.label !== undefined) return <Select {...props} autoFocus={held} />;
  const { size, w, placeholder, 'aria-label': label } = props;
  return (
    <Input
      readOnly
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
      role="combobox"
      aria-expanded={false}
      aria-label={label}
      size={size ?? 'sm'}
      w={w ?? '100%'}
      value={shown ?? ''}
      placeholder={placeholder}
      rightSection={<Combobox.Chevron size={size ?? 'sm'} />}
      rightSectionPointerEvents="none"
    />
  );
}
