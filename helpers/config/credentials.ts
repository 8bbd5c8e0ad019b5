import { ConfigError } from '../core/errors.ts'

/** Which providers a run uses. Each provider reads the credentials that it declares from `variables`. */
export interface ProvidersConfig {
  /** The environment without empty values. It contains secrets: a `Map` is not printed by accident. */
  readonly variables: ReadonlyMap<string, string>
  /** The provider set in force: job → providers by preference. A list within the list is used together. */
  readonly set: Readonly<Record<string, readonly (string | readonly string[])[]>>
  /** Loopback servers by the official origins that they replace, in a rehearsal alone. */
  readonly stand_ins: Readonly<Record<string, string>> | undefined
}

type Environment = Readonly<Record<string, string | undefined>>
interface Sets {
  readonly provider_set: string
  readonly provider_sets: Readonly<Record<string, ProvidersConfig['set']>>
}

/** Reads the provider set in force and the servers of the rehearsal; adds what is wrong to `faults`. */
export function readProviders(
  env: Environment,
  mode: string,
  sets: Sets | undefined,
  faults: string[],
): ProvidersConfig {
  const name = env['BOOTSTRAP_PROVIDERS'] ?? sets?.provider_set
  const set = name === undefined ? undefined : sets?.provider_sets[name]
  if (mode === 'live' && sets !== undefined && set === undefined) {
    const known = Object.keys(sets.provider_sets).join(', ') || '(none)'
    faults.push(`BOOTSTRAP_PROVIDERS is "${name}"; bootstrap.json has the provider sets ${known}`)
  }
  const given = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return { variables: new Map(given), set: set ?? {}, stand_ins: readStandIns(env, mode, faults) }
}

/** `official=loopback` pairs with a comma between them. */
function readStandIns(
  env: Environment,
  mode: string,
  faults: string[],
): Readonly<Record<string, string>> | undefined {
  const text = env['BOOTSTRAP_STAND_INS']
  if (text === undefined) return undefined
  const pairs = text.split(',').map((pair) => pair.trim().split('='))
  const isPair = ([official = '', local = '']: string[]): boolean =>
    /^https:\/\/[\w.-]+$/.test(official) && /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost):\d+$/.test(local)
  if (mode !== 'rehearsal' || !pairs.every(isPair)) {
    faults.push(
      `BOOTSTRAP_STAND_INS is "${text}"; it must be pairs such as ` +
        'https://data.sec.gov=http://127.0.0.1:<port>, and only a rehearsal may have them',
    )
  }
  return Object.fromEntries(pairs.map(([official = '', local = '']) => [official, local]))
}

/**
 * `ROLE_<KIND>_PASSWORD` for each kind of role.
 *
 * @throws ConfigError that names every one that is missing.
 */
export function rolePasswords<K extends string>(
  kinds: readonly K[],
  env: Readonly<Record<string, string | undefined>>,
): Record<K, string> {
  const variable = (kind: K): string => `ROLE_${kind.toUpperCase()}_PASSWORD`
  const missing = kinds.map(variable).filter((name) => env[name] === undefined)
  if (missing.length > 0)
    throw new ConfigError(
      missing.map((name) => `${name} is not set; it must be the password that this role shall have`),
    )
  return Object.fromEntries(kinds.map((kind) => [kind, env[variable(kind)] ?? ''])) as Record<K, string>
}

/** The same, of those that are set. */
export const givenRolePasswords = (
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Partial<Record<'admin' | 'owner' | 'ingest' | 'reader' | 'analyst', string>>> =>
  Object.fromEntries(
    (['admin', 'owner', 'ingest', 'reader', 'analyst'] as const).flatMap((kind) => {
      const password = env[`ROLE_${kind.toUpperCase()}_PASSWORD`]
      return password === undefined ? [] : [[kind, password]]
    }),
  )
