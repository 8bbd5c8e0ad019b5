import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { INTERIM_BUNDLE_FILE, publishBundle } from '../helpers/backup/bundle.ts'
import { hasFiveYears, YEARS_MIN, yearsAfter } from '../helpers/checklist/five-years.ts'
import type { Prepare } from '../helpers/checklist/setup.ts'
import { announceServer, announceStandIns } from '../helpers/config/children.ts'
import { type Config, ROOT_DIRECTORY, readConfig } from '../helpers/config/config.ts'
import type { Connection } from '../helpers/config/connection.ts'
import { sourceText } from '../helpers/config/source.ts'
import { PRODUCT_VERSION } from '../helpers/config/version.ts'
import { messageOf, PreconditionError } from '../helpers/core/errors.ts'
import { redact, registerSecret } from '../helpers/core/redact.ts'
import { requireLiveServer } from '../helpers/database/live-servers.ts'
import { type LockClaim, takeRunLock } from '../helpers/database/lock.ts'
import { watchLockWaits } from '../helpers/database/lock-waits.ts'
import { requireRights } from '../helpers/postgres/rights.ts'
import { type Server, type ServerDescription, startServer } from '../helpers/postgres/server.ts'
import { findTools, type Tools } from '../helpers/postgres/tools.ts'
import { openRemote } from '../helpers/remote/open.ts'
import { startRehearsalMarket } from '../helpers/simulator/rehearsal.ts'
import { checksOf } from '../ingest/validation/checks.ts'
import { PRECONDITIONS } from './preconditions.ts'

/** What the phases know of the prepared run. Plain data: it goes to another process, and never to disk. */
export interface Target {
  readonly run_id: string
  /** The folder of this run's evidence; a phase may leave files there. */
  readonly run_directory: string
  readonly mode: Config['source']['mode']
  readonly server: ServerDescription & { readonly kind: 'existing' | 'embedded' | 'container' }
  /** The database that the run rebuilds. */
  readonly connection: Connection
  /** The maintenance database of the same server. */
  readonly maintenance: Connection
  readonly tools: Tools
  readonly lock: LockClaim
}

declare module 'vitest' {
  interface ProvidedContext {
    target: Target
  }
}

/**
 * Prepares a run, or fails with a PreconditionError that says why not. Runs once, in the main process, before
 * phase 0. What it took before a step failed is released.
 */
export const prepare: Prepare<Target> = async ({ run_id, run_directory, say, precondition, halt }) => {
  await precondition(PRECONDITIONS.directory, requireRootDirectory)
  await precondition(PRECONDITIONS.configuration, requireTemporaryFolder)
  const config = await precondition(PRECONDITIONS.configuration, () => {
    const read = readConfig() // Names every fault at once.
    requireFiveYears(read.window)
    checksOf(read) // A user's own check that cannot be read is rejected here.
    return read
  })
  const universe_sha256 = await precondition(PRECONDITIONS.configuration, () =>
    createHash('sha256').update(readFileSync(config.universe_file)).digest('hex'),
  )
  const taken: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const release of taken.splice(0).toReversed()) await release()
  }
  try {
    const { kind: wanted } = config.postgres
    say(wanted === 'existing' ? 'connecting to PostgreSQL' : `starting the ${wanted} PostgreSQL server`)
    const { server, description } = await precondition(PRECONDITIONS.postgres, () =>
      openServer(config, taken),
    )
    const tools = await precondition(PRECONDITIONS.tools, () => findTools(description.version))
    const lock = await precondition(PRECONDITIONS.lock, () =>
      takeRunLock(server.maintenance, config.database, {
        run_id,
        onLost: (reason) =>
          halt(
            `The run lock of ${config.database} was lost (${reason}). The run stopped, since another run ` +
              'could take the lock now. Check that the server runs, then run again.',
          ),
      }),
    )
    taken.push(() => lock.release())
    // From the maintenance database: nobody may be connected to a database that is dropped or copied.
    taken.push(
      watchLockWaits(
        server.maintenance,
        config.database,
        (line) => void process.stdout.write(`  ${redact(line)}\n`),
      ),
    )
    await startMarket(config, taken, say)

    const { connection, maintenance, kind } = server
    const about = {
      mode: config.source.mode,
      source: sourceText(config.source),
      database: connection.database,
      server: `${connection.host}:${connection.port}`,
      server_kind: kind,
      system_identifier: description.system_identifier,
      universe_file: config.universe_file,
      universe_sha256,
      ...config.window,
    }
    taken.push(() => publishFinalEvidence(config, run_id, run_directory))
    return {
      target: {
        run_id,
        run_directory,
        mode: config.source.mode,
        server: { kind, ...description },
        connection,
        maintenance,
        tools,
        lock: lock.claim,
      },
      scope: { ...about, product_version: PRODUCT_VERSION },
      identity: {
        ...about,
        server_version: description.version,
        client_tools: `${tools.pg_dump.version} (${tools.pg_dump.path})`,
        backups_go_to:
          config.dropbox.kind === 'local-server'
            ? 'a local Dropbox server on this machine: no off-site copy'
            : config.dropbox.kind,
        host: hostname(),
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function requireRootDirectory(): void {
  if (process.cwd() === ROOT_DIRECTORY) return
  throw new PreconditionError(
    `The working directory is ${process.cwd()}; ` +
      `the checklist runs from the folder of the project. Run it in ${ROOT_DIRECTORY}.`,
  )
}

/** Drills, dumps and sources of bad records are written there, some of them late in the run. */
function requireTemporaryFolder(): void {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'writable-'))
    writeFileSync(join(folder, 'probe'), 'probe')
    rmSync(folder, { recursive: true })
  } catch (error) {
    throw new PreconditionError(
      `The folder for temporary files, ${tmpdir()}, cannot be written: ${messageOf(error)}. Give access ` +
        `there, or set ${process.platform === 'win32' ? 'TEMP' : 'TMPDIR'} to a folder that can be written.`,
    )
  }
}

/** Connects to the server or starts one, and proves that it answers and may be used in this mode. */
async function openServer(
  config: Config,
  taken: (() => Promise<void>)[],
): Promise<{ server: Server; description: ServerDescription }> {
  const server = await startServer(config)
  taken.push(() => server.stop())
  registerSecret('PGPASSWORD', server.connection.password)
  if (server.kind === 'container') {
    announceServer(server.connection)
    taken.push(async () => announceServer(undefined))
  }
  const description = await server.describe()
  requireLiveServer(config, description, server.maintenance)
  await requireRights(server.maintenance, config.database)
  return { server, description }
}

/** A rehearsal asks a simulated market, unless the environment names another one. */
async function startMarket(
  config: Config,
  taken: (() => Promise<void>)[],
  say: (line: string) => void,
): Promise<void> {
  if (config.source.mode !== 'rehearsal' || config.providers.stand_ins !== undefined) return
  say('starting the simulated market')
  const market = await startRehearsalMarket()
  taken.push(async () => {
    announceStandIns(undefined)
    await market.stop()
  })
  announceStandIns(market.stand_ins)
}

/** The runner accepts any window; the claims of the checklist are about five years. */
function requireFiveYears(window: Config['window']): void {
  if (hasFiveYears(window)) return
  throw new PreconditionError(
    `The window ${window.start_date} to ${window.end_date} is shorter than ${YEARS_MIN} years. ` +
      'Set BOOTSTRAP_START and BOOTSTRAP_END (or bootstrap.json) ' +
      `so that it ends on the day before ${yearsAfter(window).years_later} or later.`,
  )
}

/**
 * Uploads the evidence after the last report was written. It replaces the bundle that a box of phase 9
 * uploaded, which still reads RUNNING. A run that did not reach that box has no bundle.
 */
async function publishFinalEvidence(config: Config, run_id: string, run_directory: string): Promise<void> {
  if (!existsSync(join(run_directory, INTERIM_BUNDLE_FILE))) return
  const remote = await openRemote(config)
  try {
    const { remote_name, bytes, sha256 } = await publishBundle(run_directory, remote, {
      run_id,
      is_final: true,
    })
    for (const { name } of await remote.list('evidence')) {
      if (name.startsWith(`evidence/${run_id}-`) && name !== remote_name) await remote.remove(name)
    }
    process.stdout.write(
      `  evidence     ${remote.describe()}/${remote_name} · ${bytes} bytes · SHA-256 ${sha256}\n`,
    )
  } catch (error) {
    process.stderr.write(redact(`The final evidence is not in Dropbox: ${messageOf(error)}\n`))
    process.exitCode = 1
  } finally {
    await remote.close()
  }
}
