import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { INTERIM_BUNDLE_FILE, publishBundle } from '../helpers/backup/bundle.ts'
import type { Prepare } from '../helpers/checklist/setup.ts'
import {
  announceServer,
  announceStandIns,
  type Config,
  ROOT_DIRECTORY,
  readConfig,
  sourceText,
} from '../helpers/config/config.ts'
import type { Connection } from '../helpers/config/connection.ts'
import { PRODUCT_VERSION } from '../helpers/config/version.ts'
import { messageOf, PreconditionError } from '../helpers/core/errors.ts'
import { redact, registerSecret } from '../helpers/core/redact.ts'
import { requireLiveServer } from '../helpers/database/live-servers.ts'
import { type LockClaim, takeRunLock } from '../helpers/database/lock.ts'
import { type ServerDescription, startServer } from '../helpers/postgres/server.ts'
import { findTools, type Tools } from '../helpers/postgres/tools.ts'
import { openRemote } from '../helpers/remote/open.ts'
import { startRehearsalMarket } from '../helpers/simulator/rehearsal.ts'

/**
 * What the phases know of the world that was prepared for them. Plain data: it crosses into another process,
 * and never to disk.
 */
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

const YEARS_MIN = 5

/**
 * Makes the world ready, or says with a PreconditionError why it is not. Runs once, in the main process,
 * before phase 0. Whatever it took before a later step failed is given back.
 */
export const prepare: Prepare<Target> = async ({ run_id, run_directory, say, halt }) => {
  if (process.cwd() !== ROOT_DIRECTORY) {
    throw new PreconditionError(
      `The working directory is ${process.cwd()}; the checklist runs from the project's folder, ${ROOT_DIRECTORY}.`,
    )
  }
  const config = readConfig()
  requireFiveYears(config.window)
  const taken: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const giveBack of taken.splice(0).toReversed()) await giveBack()
  }
  try {
    say(
      config.postgres.kind === 'existing'
        ? 'asking the PostgreSQL server'
        : `starting the ${config.postgres.kind} PostgreSQL server`,
    )
    const server = await startServer(config)
    taken.push(() => server.stop())
    registerSecret('PGPASSWORD', server.connection.password)
    if (server.kind === 'container') {
      announceServer(server.connection)
      taken.push(async () => announceServer(undefined))
    }
    const description = await server.describe()
    requireLiveServer(config, description, server.maintenance)
    const tools = await findTools(description.version)
    const lock = await takeRunLock(server.maintenance, config.database, {
      run_id,
      onLost: (reason) =>
        halt(
          `The run lock of ${config.database} was lost (${reason}). Another run may be at work there; start again.`,
        ),
    })
    taken.push(() => lock.release())

    if (config.source.mode === 'rehearsal' && config.providers.stand_ins === undefined) {
      say('starting the simulated market')
      const market = await startRehearsalMarket()
      taken.push(async () => {
        announceStandIns(undefined)
        await market.stop()
      })
      announceStandIns(market.stand_ins)
    }

    const { connection, maintenance, kind } = server
    const universe_sha256 = createHash('sha256').update(readFileSync(config.universe_file)).digest('hex')
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

/** The runner takes any window; a checklist over less than five years could not keep its word. */
function requireFiveYears({ start_date, end_date }: Config['window']): void {
  const needed = `${Number(start_date.slice(0, 4)) + YEARS_MIN}${start_date.slice(4)}`
  const after_end = new Date(Date.parse(`${end_date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
  if (after_end >= needed) return
  throw new PreconditionError(
    `The window ${start_date} to ${end_date} is shorter than ${YEARS_MIN} years. Set BOOTSTRAP_START and BOOTSTRAP_END (or bootstrap.json) so that it ends on the day before ${needed} or later.`,
  )
}

/**
 * Sends the evidence as it stands after the last report was written: a bundle that a box of phase 9 sent
 * still reads RUNNING, and gives way to this one. A run that did not come to that box has no bundle.
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
