import { join, resolve } from 'node:path'
import { isDay } from '../core/days.ts'
import { ConfigError } from '../core/errors.ts'
import { registerSecret } from '../core/redact.ts'
import { type AliveConfig, readAlive } from './alive.ts'
import { type Bootstrap, readBootstrap } from './bootstrap.ts'
import { givenRolePasswords, type ProvidersConfig, readProviders, rolePasswords } from './credentials.ts'
import { type DropboxConfig, readDropbox } from './dropbox.ts'
import { type Environment, readVariables, show, withoutEmpty } from './environment.ts'
import { isThere } from './is-there.ts'
import { type PostgresConfig, readPostgres } from './postgres.ts'
import { readSigningKeyFile } from './signing-key.ts'
import {
  readChecksDirectory,
  readSecondSource,
  readSource,
  type SecondSource,
  type SourceConfig,
} from './source.ts'
import { unknownVariables } from './variables.ts'

export type { Bootstrap } from './bootstrap.ts'
export type { PostgresConfig } from './postgres.ts'

/** The folder of this project. */
export const ROOT_DIRECTORY = resolve(import.meta.dirname, '../..')

/** What a run needs from outside. Only this file and children.ts use the environment of the process. */
export interface Config {
  readonly source: SourceConfig
  /** Undefined when none is named. */
  readonly second_source: SecondSource | undefined
  /** Absolute path of the folder with a user's own checks; undefined when none is named. */
  readonly checks_directory: string | undefined
  readonly postgres: PostgresConfig
  /** Name of the database to rebuild. */
  readonly database: string
  /** The typed consent to drop a populated live database: `name@host`, else undefined. */
  readonly confirm_drop: string | undefined
  /** The run lock that a parent of this process holds, as JSON: set for a child, never by a person. */
  readonly held_lock: string | undefined
  readonly dropbox: DropboxConfig
  /** File with the key that signs the statement of a run; undefined when none is named. */
  readonly signing_key_file: string | undefined
  /** Of the roles of the database that are to be used; see `npm run db:roles`. */
  readonly role_passwords: Readonly<
    Partial<Record<'admin' | 'owner' | 'ingest' | 'reader' | 'analyst', string>>
  >
  readonly bootstrap: Bootstrap
  readonly providers: ProvidersConfig
  /** Absolute path of the universe in force, and the window; both days inclusive. */
  readonly universe_file: string
  readonly window: { readonly start_date: string; readonly end_date: string }
  readonly directories: {
    readonly data: string
    readonly archive: string
    readonly backups: string
    readonly reports: string
  }
  /** True on a continuous-integration machine. */
  readonly is_ci: boolean
  readonly alive: AliveConfig
}

export interface ReadOptions {
  /** False for a command that writes nothing, such as a plan: a live run needs no place for backups then. */
  readonly needs_backups?: boolean
}

/**
 * Reads and checks the environment (`.env` beneath it) and `bootstrap.json`; registers every secret with the
 * redactor.
 *
 * @throws ConfigError that names every fault at once: the variable, what it was, what it should be.
 */
export function readConfig(
  environment: Environment = process.env,
  root = ROOT_DIRECTORY,
  { needs_backups = true }: ReadOptions = {},
): Config {
  const env = readEnvironment(environment, root)
  const faults = unknownVariables(env)
  const bootstrap = readBootstrap(resolve(root, env['BOOTSTRAP_FILE'] ?? 'bootstrap.json'), faults)
  const source = readSource(env, root, faults)
  const second_source = readSecondSource(
    env['BOOTSTRAP_SECOND_SOURCE'] ?? bootstrap?.second_source,
    root,
    faults,
  )
  const checks_directory = readChecksDirectory(env['BOOTSTRAP_CHECKS'], root, faults)
  const postgres = readPostgres(env, root, faults)
  const dropbox = readDropbox(env, needs_backups && source.mode === 'live', faults)
  const signing_key_file = readSigningKeyFile(env['BOOTSTRAP_SIGNING_KEY'], root, faults)
  const providers = readProviders(env, source.mode, bootstrap, faults)
  const universe_file = resolve(root, env['BOOTSTRAP_UNIVERSE'] ?? bootstrap?.universe ?? 'missing')
  if (bootstrap !== undefined && !isThere('isFile', universe_file)) {
    const given = env['BOOTSTRAP_UNIVERSE'] ?? bootstrap.universe
    faults.push(`BOOTSTRAP_UNIVERSE is ${show(given)}; no such file: ${universe_file}`)
  }
  const window = readWindow(env, bootstrap, source.mode, faults)
  const alive = readAlive(env, root, faults)
  if (faults.length > 0 || bootstrap === undefined) throw new ConfigError(faults)

  const directories = directoriesOf(env, root)
  const database = postgres.kind === 'existing' ? postgres.connection.database : postgres.database
  return {
    source,
    second_source,
    checks_directory,
    postgres,
    database,
    confirm_drop: env['BOOTSTRAP_CONFIRM_DROP'],
    held_lock: env['BOOTSTRAP_HELD_LOCK'],
    dropbox,
    signing_key_file,
    role_passwords: givenRolePasswords(env),
    bootstrap,
    providers,
    universe_file,
    window,
    directories,
    is_ci: env['CI'] !== undefined,
    alive,
  }
}

/** As `readConfig`, with variables that stand above the environment, such as options of a command line. */
export const readConfigWith = (overrides: Environment, options: ReadOptions = {}): Config =>
  readConfig({ ...process.env, ...withoutEmpty(overrides) }, ROOT_DIRECTORY, options)

/** The part that says which server, for commands that need nothing else. Throws as `readConfig` does. */
export function readServerConfig(
  environment: Environment = process.env,
  root = ROOT_DIRECTORY,
): Pick<Config, 'postgres' | 'directories'> {
  const env = readEnvironment(environment, root)
  const faults: string[] = []
  const postgres = readPostgres(env, root, faults)
  if (faults.length > 0) throw new ConfigError(faults)
  return { postgres, directories: directoriesOf(env, root) }
}

/** The passwords that the roles of the database are to have; see `rolePasswords`. */
export const readRolePasswords = <K extends string>(
  kinds: readonly K[],
  environment: Environment = process.env,
): Record<K, string> => rolePasswords(kinds, readEnvironment(environment, ROOT_DIRECTORY))

/** The signing key, which is wanted even when nothing else can be read. */
export const signingKeyFileOf = (
  environment: Environment = process.env,
  root = ROOT_DIRECTORY,
): string | undefined =>
  readSigningKeyFile(readEnvironment(environment, root)['BOOTSTRAP_SIGNING_KEY'], root, [])

/** Where the reports go, which is known even when nothing else is. */
export const reportsDirectoryOf = (environment: Environment = process.env, root = ROOT_DIRECTORY): string =>
  directoriesOf(readEnvironment(environment, root), root).reports

function readEnvironment(environment: Environment, root: string): Environment {
  const env = readVariables(environment, root)
  for (const [name, value] of Object.entries(env))
    if (/PASSWORD|SECRET|TOKEN|API_KEY/i.test(name)) registerSecret(name, value)
  return env
}

function directoriesOf(env: Environment, root: string): Config['directories'] {
  const state = resolve(root, env['BOOTSTRAP_STATE'] ?? '.')
  return {
    data: join(state, '.data'),
    archive: join(state, 'archive'),
    backups: join(state, 'backups'),
    reports: join(state, 'reports'),
  }
}

function readWindow(
  env: Environment,
  bootstrap: Bootstrap | undefined,
  mode: SourceConfig['mode'],
  faults: string[],
): Config['window'] {
  const start_date = env['BOOTSTRAP_START'] ?? bootstrap?.start_date ?? ''
  const end_date = env['BOOTSTRAP_END'] ?? bootstrap?.end_date ?? ''
  const valid = (['BOOTSTRAP_START', 'BOOTSTRAP_END'] as const).filter((name) => {
    const value = name === 'BOOTSTRAP_START' ? start_date : end_date
    if (bootstrap === undefined || isDay(value)) return true
    faults.push(`${name} is ${show(value)}; it must be a day, YYYY-MM-DD, from 1800 to 2199`)
    return false
  })
  if (valid.length === 2 && start_date > end_date)
    faults.push(`BOOTSTRAP_START is ${show(start_date)}, after BOOTSTRAP_END ${show(end_date)}`)
  const today = new Date().toISOString().slice(0, 10)
  if (valid.length === 2 && mode !== 'rehearsal' && end_date > today)
    faults.push(`BOOTSTRAP_END is ${show(end_date)}, which is in the future; it must be ${today} or earlier`)
  return { start_date, end_date }
}
