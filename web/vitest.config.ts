import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}', 'e2e/*.test.ts'],
    setupFiles: ['./src/test.setup.ts'],
    // Nothing has a size here, so menus are hidden and cannot take the focus; they say so with all that React knows.
    onConsoleLog: (text) => !text.includes('Failed to find focusable element'),
  },
});
