import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

/** How fast the pages are, measured in a program that `make bench` has filled. */
export default defineConfig({
  ...tests,
  testDir: 'speed',
  testMatch: '*.speed.ts',
  timeout: 900_000,
  use: { ...tests.use, trace: 'off' },
});
