import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

/** Pictures of the pages, to be looked at. */
export default defineConfig({ ...tests, testMatch: '*.shots.ts' });
