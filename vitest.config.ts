import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    watch: false, // Saving a file must never start a rebuild.
    allowOnly: false, // A stray `.only` would hide boxes.
    retry: 0, // A box that needs a second try is not ticked; jobs retry inside themselves.
    taskTitleValueFormatTruncate: 0, // Claims are sentences; the default cuts them at 40 characters.
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{ingest,helpers,reports}/**/*.test.ts'],
          exclude: ['**/*.property.test.ts', '**/*.reference.test.ts', 'reports/runs/**'],
          globalSetup: ['helpers/testing/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          env: { TZ: 'UTC' },
        },
      },
      {
        test: {
          name: 'property',
          include: ['{ingest,helpers,reports}/**/*.property.test.ts'],
          globalSetup: ['helpers/testing/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          env: { TZ: 'UTC' },
        },
      },
      {
        // Needs real market data in the folder that REFERENCE_DATA names; run by .ci/run, not by `npm test`.
        test: {
          name: 'reference',
          include: ['{ingest,helpers,reports}/**/*.reference.test.ts'],
          globalSetup: ['helpers/testing/global-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          env: { TZ: 'UTC' },
        },
      },
    ],
  },
})
