import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Option } from 'commander'
import type { Backup } from '../../helpers/backup/dump.ts'
import { findBackups, manifestFileOf } from '../../helpers/backup/manifest.ts'
import { ARCHIVE, obtain, type Place } from '../../helpers/backup/obtain.ts'
import { type Proof, readProof } from '../../helpers/backup/proof.ts'
import { confirmationFor, swapInto } from '../../helpers/backup/swap.ts'
import { restoreInto, verifyArchive, verifyFile } from '../../helpers/backup/verify.ts'
import { type Config, readConfig } from '../../helpers/config/config.ts'
import { databaseNameFault } from '../../helpers/config/connection.ts'
import { PreconditionError, RefusedError } from '../../helpers/core/errors.ts'
import { sizeText, timeText } from '../../helpers/core/text.ts'
import { underRunLock } from '../../helpers/database/lock.ts'
import { dropDatabase, isThere } from '../../helpers/database/scratch.ts'
import { type Server, startServer } from '../../helpers/postgres/server.ts'
import { openRemote } from '../../helpers/remote/open.ts'
import type { RemoteStore } from '../../helpers/remote/store.ts'
import { programOf, runProgram, say } from './entry.ts'

interface RestoreOptions {
  readonly into?: string
  readonly from?: Place
  readonly swap?: boolean
  readonly drop?: boolean
  readonly confirm?: string
}

async function list(config: Config, remote: RemoteStore): Promise<void> {
  const { backups } = config.directories
  const local = await findBackups(backups)
  say(`Here, in ${backups}:`)
  for (const backup of local.good)
    say(`  ${lineOf(backup, await readProof(backup), (await stat(backup.archive)).mtime)}`)
  for (const { file, reason } of local.bad) say(`  ${file}  NO BACKUP: ${reason}`)
  if (local.good.length + local.bad.length === 0) say('  none')
  say(`\nIn ${remote.describe()}:`)
  const found = await remote.list()
  const archives = found.filter(({ name }) => ARCHIVE.test(name))
  for (const { name, bytes, modified_at, content_hash } of archives) {
    const here = local.good.find(({ manifest }) => manifest.file === name)?.manifest
    const notes: string[] = []
    if (!found.some((each) => each.name === manifestFileOf(name)))
      notes.push('NO BACKUP: its manifest is missing')
    if (here === undefined) notes.push('not here')
    else if (here.content_hash === content_hash) notes.push('equal to the manifest here')
    else notes.push('NOT EQUAL TO THE MANIFEST HERE')
    say(
      `  ${name.padEnd(NAME_CHARACTERS)}  ${sizeText(bytes).padStart(8)}  copied ` +
        `${timeText(modified_at)}  ${notes.join('; ')}`,
    )
  }
  if (archives.length === 0) say('  none')
  say('\nTo restore one beside the database: npm run restore -- <file>, or latest.')
}

const NAME_CHARACTERS = 'full_20260131_1830_2.dump'.length

/** A list reads no archive: a proof is of its day; what the file system says of a later day is reported. */
function lineOf({ manifest }: Backup, proof: Proof | undefined, written_at: Date): string {
  const { file, bytes, snapshot_at, database, mode, fingerprint } = manifest
  const rows = Object.values(fingerprint.tables).reduce((sum, table) => sum + table.rows, 0)
  const levels = proof?.levels ?? []
  const passed = levels.length === 4 ? 'all 4 levels' : `levels ${levels.join(' ')}`
  const proven = proof === undefined ? 'not proven' : `${passed} passed ${timeText(proof.proven_at)}`
  const touched =
    proof !== undefined && written_at.getTime() > Date.parse(proof.proven_at) ? '; WRITTEN TO SINCE' : ''
  return (
    `${file.padEnd(NAME_CHARACTERS)}  ${sizeText(bytes).padStart(8)}  taken ${timeText(snapshot_at)}  ` +
    `${database} (${mode})  ${rows.toLocaleString('en')} rows  ${proven}${touched}`
  )
}

async function restore(
  config: Config,
  server: Server,
  remote: RemoteStore,
  name: string,
  options: RestoreOptions,
): Promise<void> {
  const started = performance.now()
  if (options.into !== undefined) await requireFree(server, options.into)
  const backup = await obtain(config, remote, name, {
    from: options.from,
    database: server.connection.database,
    say,
  })
  const { manifest } = backup
  say(
    `Restoring ${manifest.file}: ${manifest.database} (${manifest.mode}), taken ` +
      `${timeText(manifest.snapshot_at)}, ${sizeText(manifest.bytes)}.`,
  )
  if (manifest.database !== server.connection.database)
    say(`Note: it is a backup of ${manifest.database}, and PGDATABASE is ${server.connection.database}.`)
  const database =
    options.into ??
    `${server.connection.database.slice(0, 40)}_restored_` +
      manifest.snapshot_at.slice(0, 16).replaceAll(/[-:T]/g, '')
  await requireFree(server, database)

  const file = await verifyFile(backup)
  say(`Level 1: ${file.file} has ${file.bytes} bytes and SHA-256 ${file.sha256}, as its manifest says.`)
  const archive = await verifyArchive(backup)
  say(`Level 2: ${archive.entries} entries, read to the end.`)
  const evidence = await restoreInto(backup, server.maintenance, database, {}).catch(
    async (error: unknown) => {
      // Somebody else may have taken the name just now: 42P04, and that database is not ours to drop.
      if ((error as { sqlstate?: string }).sqlstate !== '42P04')
        await dropDatabase(server.maintenance, database).catch(() => {})
      throw error
    },
  )
  say(
    `Level 3: ${database} contains ${evidence.rows.toLocaleString('en')} rows in ${evidence.tables} ` +
      `tables, equal to what was dumped, table by table (content ${evidence.content_sha256}). Restored ` +
      `as ${evidence.restored_as}.`,
  )
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
  say(
    `Time to recover: ${seconds(performance.now() - started)}, of which ` +
      `${seconds(evidence.restore_ms)} restoring and ${seconds(evidence.compare_ms)} comparing.`,
  )
  if (options.drop !== true) return offerSwap(config, server, database, options)
  await dropDatabase(server.maintenance, database)
  say(`${database} is dropped again (--drop): the backup restores.`)
}

async function requireFree({ connection, maintenance }: Server, database: string): Promise<void> {
  const fault = databaseNameFault(database)
  if (fault !== undefined) throw new PreconditionError(`--into is "${database}"; it ${fault}.`)
  if (database === connection.database)
    throw new RefusedError(
      `A backup is never restored into ${database} itself. Leave --into out, compare, and then swap ` +
        'with --swap.',
    )
  if (await isThere(maintenance, database))
    throw new RefusedError(
      `The database ${database} already exists, and nothing is restored over it. Give another name ` +
        'with --into, or drop it when it is no longer needed: ' +
        `dropdb -h ${connection.host} -p ${connection.port} ${database}`,
    )
}

/** Asks only on a terminal; a script gives `--swap` and `--confirm`. */
async function offerSwap(
  { held_lock }: Pick<Config, 'held_lock'>,
  server: Server,
  restored: string,
  { swap, confirm }: RestoreOptions,
): Promise<void> {
  const target = server.connection.database
  const { host, port, user } = server.connection
  const kept =
    `The restored database ${restored} is kept beside ${target}; it takes as much space. When you no ` +
    `longer need it: dropdb -h ${host} -p ${port} -U ${user} ${restored}`
  const wanted = await confirmationFor(server).catch((error: unknown) => {
    if (swap === true || !(error instanceof RefusedError)) throw error
    return error // Sealed: nobody asked for the swap, and the restore is done.
  })
  if (wanted instanceof RefusedError) return say(`${kept} ${wanted.message}`)
  const isPerson = process.stdin.isTTY === true && process.stdout.isTTY === true
  let typed = confirm
  if (swap !== true && !isPerson)
    return say(`${kept} To give it that name: --swap${wanted === null ? '' : ` --confirm ${wanted[0]}`}`)
  if (typed === undefined && isPerson && (wanted !== null || swap !== true)) {
    const prompt = createInterface({ input: process.stdin, output: process.stdout })
    const question =
      wanted === null
        ? `Give ${restored} the name ${target}? Type yes: `
        : `To put it in the place of ${target}, which is kept under another name, type ${wanted[0]}: `
    typed = (await prompt.question(question)).trim()
    prompt.close()
    if (typed === '' || (wanted === null && typed !== 'yes')) return say(kept)
  }
  // A run in progress would lose its database.
  const lock = { run_id: `restore-of-${restored}`, held_lock }
  const swapped = await underRunLock(server.maintenance, target, lock, () =>
    swapInto(server, restored, typed),
  )
  const former = swapped.former === null ? '' : ` The former one is kept as ${swapped.former}.`
  say(`${restored} is now ${swapped.database}.${former}`)
  say('A backup contains no roles and no rights: where you use them, run npm run db:roles.')
}

async function withRemote(work: (config: Config, remote: RemoteStore) => Promise<void>): Promise<void> {
  const config = readConfig()
  const remote = await openRemote(config)
  await work(config, remote).finally(() => remote.close())
}

const program = programOf(
  'restore',
  'Lists backups, and restores one beside the database that it is of.',
).addHelpText('after', '\nThe options of a restore: npm run restore -- run --help')
program
  .command('list')
  .description('backups here and in the remote store')
  .action(() => withRemote(list))
program
  .command('run', { isDefault: true })
  .description('fetches, verifies, restores into a new name, compares, and then offers to swap')
  .argument('[backup]', 'file name of a backup, or latest', 'latest')
  .option('--into <database>', 'name of the database to restore into; it must not exist')
  .addOption(
    new Option('--from <place>', 'where it is taken from; default: here, and else from there').choices([
      'local',
      'remote',
    ]),
  )
  .option(
    '--swap',
    'give the restored database the name of the target; the former one is kept under another name',
  )
  .addOption(
    new Option('--drop', 'drop the restored database again: a drill that leaves nothing').conflicts('swap'),
  )
  .option('--confirm <name@host>', 'the typed consent to replace a database that contains data')
  .action((backup: string, options: RestoreOptions) =>
    withRemote(async (config, remote) => {
      const server = await startServer(config)
      await restore(config, server, remote, backup, options).finally(() => server.stop())
    }),
  )

await runProgram(program)
