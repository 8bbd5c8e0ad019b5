/**
 * The claims of phase 0 that must hold before anything is touched. `prepare.ts` checks them before the first
 * phase starts; the boxes of phase 0 record them, and check them again.
 */
export const PRECONDITIONS = {
  postgres: 'PostgreSQL answers, at `PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD` or as the embedded server',
  tools: '`psql pg_dump pg_restore createdb dropdb` are on PATH, and not older than the server',
  directory: 'the working directory is the repository root',
  configuration: 'the configuration has no fault: each variable is known, and its value can be used',
  lock: 'one run at a time: this run holds the lock of its target, in the maintenance database',
} as const
