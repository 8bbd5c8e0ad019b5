import { join } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../../helpers/config/config.ts'
import { RefusedError } from '../../helpers/core/errors.ts'
import { counted } from '../../helpers/core/text.ts'
import { type Database, withDatabase } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { addMember, removeMember } from '../universe/edit.ts'
import { keepUniverse } from '../universe/keep.ts'
import { readUniverse, type UniverseMember } from '../universe/read.ts'
import { say } from './entry.ts'
import { configOf, onCurrentDatabase, onDatabase } from './settings.ts'

// `ingest universe add | remove | diff`: changes the written universe, and marks in the database what left.

const SQL = join(import.meta.dirname, 'sql')

interface Ids {
  readonly cik?: string
  readonly figi?: string
  readonly providerId?: string
}

/** The subcommands of `universe`. */
export function universeCommands(program: Command): void {
  const universe = program
    .command('universe')
    .description('change the written universe, or compare it with the database')
  universe
    .command('add')
    .description('add a security; the next run or daily loads its whole history')
    .argument('<source-id>', 'its permanent id at its source')
    .argument('<ticker>', 'its last ticker')
    .option('--cik <digits>', 'its filer')
    .option('--figi <figi>', 'its share class FIGI')
    .option('--provider-id <id>', 'its id at a provider, such as alpaca:904837e3')
    .action(add)
  universe
    .command('remove')
    .description('remove a security; its rows stay in the database, marked, and leave coverage and freshness')
    .argument('<source-id>', 'its permanent id at its source')
    .option('--reason <text>', 'why, for the mark', 'removed from the universe')
    .action(remove)
  universe
    .command('diff')
    .description('compare the written universe with the database; exit code 1 if they differ')
    .action(diff)
}

/** The file of the universe in force; that of the rehearsal is a part of the product. */
function fileOf({ universe_file, source }: Config): string {
  if (source.mode === 'rehearsal')
    throw new RefusedError(
      `The universe ${universe_file} is used by a rehearsal, which invents its securities. ` +
        'Set BOOTSTRAP_SOURCE, and BOOTSTRAP_UNIVERSE to a universe of your own.',
    )
  return universe_file
}

async function add(source_id: string, ticker: string, { cik, figi, providerId }: Ids): Promise<void> {
  const config = configOf({})
  const file = fileOf(config)
  const member: UniverseMember = {
    source_id,
    ticker,
    ...(cik === undefined ? {} : { cik }),
    ...(figi === undefined ? {} : { figi }),
    ...(providerId === undefined ? {} : { provider_id: providerId }),
  }
  return onCurrentDatabase(config, async (connection) => {
    await keepUniverse(config.directories.archive, await readUniverse(file))
    await addMember(file, member)
    const again = await withDatabase(connection, (db) =>
      db.rows(queryFile(SQL, 'unmark-removed'), [source_id]),
    )
    const mark = again.length === 0 ? '' : ' It had been removed before; its mark is deleted.'
    say(
      `${source_id} (${ticker}) was added to ${file}.${mark} The next run or daily loads its whole history.`,
    )
  })
}

async function remove(source_id: string, { reason }: { readonly reason: string }): Promise<void> {
  const config = configOf({})
  const file = fileOf(config)
  return onCurrentDatabase(config, (connection) =>
    withDatabase(connection, async (db) => {
      await keepUniverse(config.directories.archive, await readUniverse(file))
      const wasListed = await removeMember(file, source_id)
      const marked = await db.rows<{ bars: string }>(queryFile(SQL, 'mark-removed'), [source_id, reason])
      const [mark] = marked
      if (!wasListed && mark === undefined)
        throw new RefusedError(`Neither ${file} nor ${connection.database} has ${source_id}.`)
      say(wasListed ? `${source_id} was removed from ${file}.` : `${file} does not have ${source_id}.`)
      say(
        mark === undefined
          ? 'The database has no rows of it.'
          : `Its ${counted(Number(mark.bars), 'bar')} and all other rows stay in ${connection.database}, ` +
              'marked in ingestion.removed_securities. Coverage and freshness no longer count it.',
      )
    }),
  )
}

type Difference = {
  readonly kind: 'new' | 'unmarked' | 'returned'
  readonly source_id: string
  readonly ticker: string
}

const MEANINGS: Readonly<Record<Difference['kind'], string>> = {
  new: 'in the universe, not loaded yet: the next run or daily loads it',
  unmarked: 'loaded, not in the universe, not marked: universe remove <source-id> marks it',
  returned: 'in the universe, but marked as removed: the next run or daily deletes the mark',
}

function diff(): Promise<void> {
  const config = configOf({})
  return onDatabase(config, (connection) =>
    withDatabase(connection, async (db) => {
      const { members, file } = await readUniverse(config.universe_file, config.source.mode)
      const differences = await differencesOf(db, members)
      for (const kind of Object.keys(MEANINGS) as Difference['kind'][]) {
        const some = differences.filter((each) => each.kind === kind)
        if (some.length === 0) continue
        say(`${MEANINGS[kind]} (${some.length}):`)
        for (const { source_id, ticker } of some) say(`  ${source_id}  ${ticker}`)
      }
      if (differences.length === 0)
        say(`${connection.database} has the ${counted(members.length, 'security')} of ${file}, and no other.`)
      else process.exitCode = 1
    }),
  )
}

const differencesOf = (db: Database, members: readonly UniverseMember[]): Promise<Difference[]> =>
  db.rows<Difference & Record<string, unknown>>(queryFile(SQL, 'universe-differences'), [
    members.map(({ source_id }) => source_id),
    members.map(({ ticker }) => ticker),
  ])
