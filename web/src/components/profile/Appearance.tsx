import { useMantineColorScheme } from '@mantine/core';
import { OneOf } from '@/components/OneOf.tsx';

/** Light, dark, or as the system has it. */
export function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <OneOf
      large
      aria-label="Theme"
      value={colorScheme}
      onChange={setColorScheme}
      options={[
        { value: 'auto', label: 'As the system' },
        { value: 'light', label: 'Light' },
        { value: 'dark', label: 'Dark' },
      ]}
    />
  );
}
