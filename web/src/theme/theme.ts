import { type CSSVariablesResolver, createTheme } from '@mantine/core';

const system =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif, 'Apple Color Emoji', 'Segoe UI Emoji'";
const monospace = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace";

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  defaultRadius: 'sm',
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '20px' },
  fontFamily: system,
  fontFamilyMonospace: monospace,
  headings: {
    fontFamily: system,
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.375rem' }, h2: { fontSize: '1.0625rem' } },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // A dialog has its own head, which is not that of the page; its cross has a name.
    Modal: { defaultProps: { attributes: { header: { role: 'none' } }, closeButtonProps: { 'aria-label': 'Close' } } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    // What an alert is about is told by its colour and icon; its words are read.
    Alert: { styles: { title: { color: 'var(--mantine-color-text)' } } },
  },
});

/** Mantine's quiet texts are too pale to read: contrast here is 4.5 and more. */
export const cssVariables: CSSVariablesResolver = (t) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': t.colors.gray[7],
    '--mantine-color-placeholder': '#5c636a',
    '--mantine-color-error': t.colors.red[9],
    '--sb-line': t.colors.gray[3],
    '--sb-ground': t.colors.gray[0],
    '--sb-hover': t.colors.gray[1],
    '--sb-scheduled': '#5c636a',
    '--sb-queued': t.colors.indigo[8],
    '--sb-running': t.colors.blue[8],
    '--sb-completed': '#07714f',
    '--sb-failed': t.colors.red[9],
  },
  dark: {
    '--mantine-color-dimmed': t.colors.dark[1],
    '--mantine-color-placeholder': t.colors.dark[1],
    '--mantine-color-error': t.colors.red[4],
    '--sb-line': t.colors.dark[4],
    '--sb-ground': t.colors.dark[8],
    '--sb-hover': t.colors.dark[6],
    '--sb-scheduled': t.colors.gray[5],
    '--sb-queued': t.colors.indigo[3],
    '--sb-running': t.colors.blue[4],
    '--sb-completed': t.colors.teal[4],
    '--sb-failed': t.colors.red[4],
  },
});
