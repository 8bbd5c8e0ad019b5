import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import { type Config, readConfig } from '../config.ts'
import { databaseNameFault } from '../database.ts'
import { openRemote } from '../dropbox/open.ts'
import type { RemoteStore } from '../dropbox/store.ts'
import { messageOf, PreconditionError, RefusedError, StocksError } from '../errors.ts'
import { type Server, startServer } from '../postgres/server.ts'
import { redact } from '../redact.ts'
import type { Backup } from './dump.ts'
import { listBackups, manifestFileOf, readManifest } from './manifest.ts'
import { provenLevels } from './proof.ts'
import { dropDatabase } from './scratch.ts'
import { confirmationFor, swapInto } from './swap.ts'
import { restoreInto, verifyArchive, verifyFile } from './verify.ts'

interface RestoreOptions {
  readonly into?: string
  readonly from?: string
  readonly swap?: boolean
  readonly confirm?: string
}

const say = (text: string): void => void process.stdout.write(`${redact(text)}\n`)
const ARCHIVE = /^full_[0-9]{8}_[0-9]{4}(_[0-9]+)?\.dump$/

async function list(config: Config, remote: RemoteStore): Promise<void> {
  const local = await listBackups(config.directories.backups)
  say(`Local, ${config.directories.backups}:`)
  for (const backup of local) {
    const { file, bytes, snapshot_at, database, mode, fingerprint } = backup.manifest
    const rows = Object.values(fingerprint.tables).reduce((sum, table) => sum + table.rows, 0)
    const levels = await provenLevels(backup)
    say(
      `  ${file}  ${snapshot_at}  ${bytes} bytes  ${database} (${mode})  ${rows} rows  ${levels.length === 0 ? 'not proven' : `levels passed: ${levels.join(' ')}`}`,
    )
  }
  if (local.length === 0) say('  none')
  say(`${remote.describe()}:`)
  const found = (await remote.list()).filter(({ name }) => ARCHIVE.test(name))
  for (const { name, bytes, modified_at, content_hash } of found)
    say(`  ${name}  ${modified_at}  ${bytes} bytes  content hash ${content_hash}`)
  if (found.length === 0) say('  none')
}

/** The backup on this disk: it is fetched when it is only in the remote store, or when `from` says remote. */
async function obtain(config: Config, remote: RemoteStore, name: string, from: string | undefined): Promise<Backup> {
  const { backups } = config.directories
  const local = await listBackups(backups)
  const there = from === 'local' ? [] : (await remote.list()).map((file) => file.name).filter((file) => ARCHIVE.test(file))
  const newest = [...(from === 'remote' ? [] : local.map(({ manifest }) => manifest.file)), ...there].toSorted().at(-1)
  const file = name === 'latest' ? newest : name
  if (file === undefined) throw new PreconditionError('There is no backup, neither here nor in the remote store. Take one first.')
  if (!ARCHIVE.test(file))
    throw new PreconditionError(`«${file}» is no name of a backup; one looks like full_20260131_1830.dump. See: npm run restore -- list`)
  const found = local.find(({ manifest }) => manifest.file === file)
  if (found !== undefined && from !== 'remote') return found
  if (!there.includes(file))
    throw new PreconditionError(`${file} is neither in ${backups} nor in the remote store. See: npm run restore -- list`)
  const directory = join(config.directories.data, 'fetched')
  await mkdir(directory, { recursive: true })
  const archive = join(directory, file)
  say(`Fetching ${file} from ${remote.describe()} …`)
  await remote.download(file, `${archive}.fetched`)
  await remote.download(manifestFileOf(file), manifestFileOf(archive))
  await rename(`${archive}.fetched`, archive)
  return { archive, manifest: await readManifest(archive) }
}

async function restore(config: Config, server: Server, remote: RemoteStore, name: string, options: RestoreOptions): Promise<void> {
  const started = performance.now()
  const backup = await obtain(config, remote, name, options.from)
  const { manifest } = backup
  const database =
    options.into ?? `${server.connection.database.slice(0, 40)}_restored_${manifest.snapshot_at.slice(0, 16).replaceAll(/[-:T]/g, '')}`
  const fault = databaseNameFault(database)
  if (fault !== undefined) throw new PreconditionError(`--into is «${database}»; it ${fault}.`)
  if (database === server.connection.database)
    throw new RefusedError(`A backup is never restored into ${database} itself. Leave --into out, compare, and then swap with --swap.`)

  const file = await verifyFile(backup)
  say(`Level 1: ${file.file} has ${file.bytes} bytes and SHA-256 ${file.sha256}, as its manifest says.`)
  const archive = await verifyArchive(backup)
  say(`Level 2: ${archive.entries} entries, read to the end.`)
  const evidence = await restoreInto(backup, server.maintenance, database).catch(async (error: unknown) => {
    // An own error of `create database` means that the name was taken: that database is not ours to drop.
    if (!/already exists/.test(messageOf(error))) await dropDatabase(server.maintenance, database).catch(() => {})
    throw error
  })
  say(
    `Level 3: ${database} holds ${evidence.rows} rows in ${evidence.tables} tables, equal to what was dumped, table by table (content ${evidence.content_sha256}).`,
  )
  say(
    `Time to recover: ${((performance.now() - started) / 1000).toFixed(1)} s, restore ${(evidence.restore_ms / 1000).toFixed(1)} s of it.`,
  )
  await offerSwap(server, database, options)
}

/** Asks only where a person is; a script says it by `--swap` and `--confirm`. */
async function offerSwap(server: Server, restored: string, { swap, confirm }: RestoreOptions): Promise<void> {
  const target = server.connection.database
  const wanted = await confirmationFor(server)
  const isPerson = process.stdin.isTTY === true && process.stdout.isTTY === true
  let typed = confirm
  if (swap !== true && !isPerson)
    return say(`${restored} stands beside ${target}. To give it that name: --swap${wanted === null ? '' : ` --confirm ${wanted[0]}`}`)
  if (typed === undefined && isPerson && (wanted !== null || swap !== true)) {
    const prompt = createInterface({ input: process.stdin, output: process.stdout })
    const question =
      wanted === null
        ? `Give ${restored} the name ${target}? Type yes: `
        : `To put it in the place of ${target}, which is kept under another name, type ${wanted[0]}: `
    typed = (await prompt.question(question)).trim()
    prompt.close()
    if (typed === '' || (wanted === null && typed !== 'yes')) return say(`${restored} stays beside ${target}.`)
  }
  const swapped = await swapInto(server, restored, typed)
  say(`${restored} is now ${swapped.database}.${swapped.former === null ? '' : ` The former one is kept as ${swapped.former}.`}`)
}

async function withRemote(work: (config: Config, remote: RemoteStore) => Promise<void>): Promise<void> {
  const config = readConfig()
  const remote = await openRemote(config)
  await work(config, remote).finally(() => remote.close())
}

const program = new Command('restore').description('Lists backups, and restores one beside the database that it is of.')
program
  .command('list')
  .description('backups here and in the remote store')
  .action(() => withRemote(list))
program
  .command('run', { isDefault: true })
  .description('fetches, verifies, restores into a new name, compares, and then offers to swap')
  .argument('[backup]', 'file name of a backup, or latest', 'latest')
  .option('--into <database>', 'name of the database to restore into; it must not exist')
  .option('--from <place>', 'local or remote; default: wherever it is')
  .option('--swap', 'give the restored database the name of the target; the former one is kept under another name')
  .option('--confirm <name@host>', 'the typed consent to replace a database that holds data')
  .action((backup: string, options: RestoreOptions) =>
    withRemote(async (config, remote) => {
      const server = await startServer(config)
      await restore(config, server, remote, backup, options).finally(() => server.stop())
    }),
  )

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${redact(error instanceof StocksError ? error.message : String((error as Error).stack ?? error))}\n`)
  process.exitCode = 1
}
