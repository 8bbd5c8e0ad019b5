import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { otherProjects } from './helpers/checklist/other-projects.ts'
import { ChecklistReporter } from './helpers/checklist/reporter.ts'
import { PhaseSequencer } from './helpers/checklist/sequencer.ts'
import { writeReportsAndIndex } from './reports/runs-index.ts'

/**
 * Tests start hundreds of Node.js processes, and phases some. What they compile is kept, which halves the
 * time that each needs to start. The folder may be removed at any time.
 */
const env = { TZ: 'UTC', NODE_COMPILE_CACHE: join(import.meta.dirname, '.data', 'compile-cache') }

export default defineConfig({
  test: {
    watch: false, // Saving a file must never start a rebuild.
    allowOnly: false, // A stray `.only` would hide boxes.
    retry: 0, // A box that needs a second try is not ticked; jobs retry inside themselves.
    // One more than cores, since tests wait for child processes, servers and limits of time. Phases run one
    // by one all the same.
    maxWorkers: availableParallelism() + 1,
    taskTitleValueFormatTruncate: 0, // Claims are sentences; the default cuts them at 40 characters.
    sequence: { sequencer: PhaseSequencer },
    reporters: [
      new ChecklistReporter({
        plan: join(import.meta.dirname, 'phases', 'checklist.md'),
        writeReports: writeReportsAndIndex,
      }),
      otherProjects(),
    ],
    projects: [
      {
        test: {
          name: 'phases',
          include: ['phases/*.test.ts'],
          globalSetup: ['phases/global-setup.ts'],
          fileParallelism: false, // One phase at a time, in the order of their numbers.
          testTimeout: 0, // A backfill takes hours; each request has a limit of its own.
          hookTimeout: 0,
          expect: { requireAssertions: true }, // A box without an assertion may not tick.
          env,
        },
      },
      {
        test: {
          name: 'unit',
          include: ['{ingest,helpers,reports}/**/*.test.ts'],
          exclude: [
            '**/*.property.test.ts',
            '**/*.reference.test.ts',
            '**/*.acceptance.test.ts',
            '**/*.browser.test.ts',
            '**/*.matrix.test.ts',
            '**/*.mutants.test.ts',
            '**/*.soak.test.ts',
            'reports/runs/**',
          ],
          isolate: false, // Files share their imports, a third of a second each; no test changes a module.
          globalSetup: ['helpers/testing/global-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          env,
        },
      },
      {
        test: {
          name: 'property',
          include: ['{ingest,helpers,reports}/**/*.property.test.ts'],
          setupFiles: ['helpers/testing/property-setup.ts'],
          isolate: false, // Files share their imports, a third of a second each; no test changes a module.
          globalSetup: ['helpers/testing/global-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          env,
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
          env,
        },
      },
      {
        // Pages as a person sees them; needs Chromium. Run by .ci/run, not by `npm test`.
        test: {
          name: 'browser',
          include: ['{ingest,helpers,reports}/**/*.browser.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          env,
        },
      },
      {
        // The checklist on servers and settings as they are found: `npm run matrix`.
        test: {
          name: 'matrix',
          include: ['helpers/**/*.matrix.test.ts'],
          globalSetup: ['helpers/testing/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
          env,
        },
      },
      {
        // Random sequences of mishaps, for SOAK_MINUTES: `npm run soak`.
        test: {
          name: 'soak',
          include: ['ingest/**/*.soak.test.ts'],
          globalSetup: ['helpers/testing/global-setup.ts'],
          env,
        },
      },
      {
        // Faults put into a copy of the code, each of which a test must notice: `npm run mutants`.
        test: {
          name: 'mutants',
          include: ['helpers/**/*.mutants.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          env,
        },
      },
      {
        // What takes long: whole checklists and commands, kills, signals, markets loaded over HTTP. Real data
        // needs REFERENCE_DATA. Run by .ci/run, so that `npm test` answers within four minutes.
        test: {
          name: 'acceptance',
          include: ['{ingest,helpers,reports}/**/*.acceptance.test.ts'],
          setupFiles: ['helpers/testing/property-setup.ts'],
          globalSetup: ['helpers/testing/global-setup.ts'],
          maxWorkers: 2, // A run uses little more than one core; each has a state and a server of its own.
          sequence: { groupOrder: 1 }, // Projects with other workers run in another group.
          testTimeout: 900_000,
          hookTimeout: 900_000,
          env,
        },
      },
    ],
  },
})
