import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { type Backup, type DumpOptions, dump } from '../../backup/dump.ts'
import { type Scratch, scratchDatabase } from '../scratch.ts'

/** A database to dump, and a folder to dump it into. */
export interface DumpSource {
  readonly source: Scratch
  readonly directory: string
  /** Rows that compress badly: a dump of 300,000 takes seconds. */
  readonly fill: (rows: number) => Promise<void>
  readonly take: (options?: Partial<DumpOptions>) => Promise<Backup>
}

/** To be dropped: `source`. The folder goes with the test server. */
export async function dumpSource(): Promise<DumpSource> {
  const directory = await mkdtemp(join(inject('testDirectory'), 'dump-'))
  const source = await scratchDatabase()
  return {
    source,
    directory,
    fill: (rows) =>
      source.db.execute(
        // A key that is added to all rows at once saves a third of the time.
        `create table public.noise as
         select i as id, md5(i::text) as a, md5('b' || i) as b from generate_series(1, ${rows}) i;
         alter table public.noise add primary key (id)`,
      ),
    take: (options = {}) => dump(source.connection, { directory, mode: 'rehearsal', ...options }),
  }
}
