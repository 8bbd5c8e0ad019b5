import { ConfigError } from '../core/errors.ts'
import { registerSecret } from '../core/redact.ts'

/** Which providers a run asks, and as whom. */
export interface ProvidersConfig {
  readonly credentials: Credentials
  /** Job → providers by preference: the set in force. "a + b" asks both. */
  readonly set: Readonly<Record<string, readonly string[]>>
  /** Loopback servers by the official origins that they stand in for, in a rehearsal alone. */
  readonly stand_ins: Readonly<Record<string, string>> | undefined
}

/** Who we are to the providers. What is not set is undefined; which of it a run needs, its providers say. */
export interface Credentials {
  /** `Name contact@example.com`: the SEC refuses who does not say who he is. */
  readonly sec_user_agent: string | undefined
  readonly alpaca_key_id: string | undefined
  readonly alpaca_secret_key: string | undefined
  /** Yahoo's chart is unofficial and for personal use: it is asked only by who opts in. */
  readonly is_yahoo_allowed: boolean
}

/** What the simulated market takes, and a replay, which asks nobody. */
export const REHEARSAL_CREDENTIALS: Credentials = {
  sec_user_agent: 'Rehearsal rehearsal@example.com',
  alpaca_key_id: 'PKREHEARSAL000000001',
  alpaca_secret_key: 'rehearsal-secret-of-nobody-000000000001',
  is_yahoo_allowed: true,
}

/**
 * Reads them from `env`, registers the secret ones with the redactor, and adds what is wrong with them to
 * `faults`.
 */
function readCredentials(env: Readonly<Record<string, string | undefined>>, faults: string[]): Credentials {
  const sec_user_agent = env['SEC_USER_AGENT']
  if (sec_user_agent !== undefined && !/^[\x20-\x7e]*\S+@\S+\.\S+[\x20-\x7e]*$/.test(sec_user_agent)) {
    faults.push(
      `SEC_USER_AGENT is "${sec_user_agent}"; it must hold a name and an address to reach you, e.g. "Jane Doe jane@example.com"`,
    )
  }
  const [alpaca_key_id, alpaca_secret_key] = [env['APCA_API_KEY_ID'], env['APCA_API_SECRET_KEY']]
  registerSecret('APCA_API_KEY_ID', alpaca_key_id)
  registerSecret('APCA_API_SECRET_KEY', alpaca_secret_key)
  if ((alpaca_key_id === undefined) !== (alpaca_secret_key === undefined)) {
    const missing = alpaca_key_id === undefined ? 'APCA_API_KEY_ID' : 'APCA_API_SECRET_KEY'
    faults.push(`${missing} is not set; a key of Alpaca is a pair, APCA_API_KEY_ID and APCA_API_SECRET_KEY`)
  }
  const yahoo = env['YAHOO_ENABLED'] ?? '0'
  if (!['0', '1'].includes(yahoo)) faults.push(`YAHOO_ENABLED is "${yahoo}"; it must be 1 to opt in, or 0`)
  return { sec_user_agent, alpaca_key_id, alpaca_secret_key, is_yahoo_allowed: yahoo === '1' }
}

type Environment = Readonly<Record<string, string | undefined>>
interface Sets {
  readonly provider_set: string
  readonly provider_sets: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

/** Reads credentials, the set in force and the rehearsal's server; adds what is wrong to `faults`. */
export function readProviders(
  env: Environment,
  mode: string,
  sets: Sets | undefined,
  faults: string[],
): ProvidersConfig {
  const read = readCredentials(env, faults)
  const name = env['BOOTSTRAP_PROVIDERS'] ?? sets?.provider_set
  const set = name === undefined ? undefined : sets?.provider_sets[name]
  if (mode === 'live' && sets !== undefined && set === undefined) {
    faults.push(
      `BOOTSTRAP_PROVIDERS is "${name}"; bootstrap.json has the provider sets ${Object.keys(sets.provider_sets).join(', ') || '(none)'}`,
    )
  }
  return {
    credentials: mode === 'live' ? read : REHEARSAL_CREDENTIALS,
    set: set ?? {},
    stand_ins: readStandIns(env, mode, faults),
  }
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
      `BOOTSTRAP_STAND_INS is "${text}"; it must be pairs such as https://data.sec.gov=http://127.0.0.1:<port>, and only a rehearsal may have them`,
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
): Readonly<Partial<Record<'admin' | 'owner' | 'ingest' | 'reader', string>>> =>
  Object.fromEntries(
    (['admin', 'owner', 'ingest', 'reader'] as const).flatMap((kind) => {
      const password = env[`ROLE_${kind.toUpperCase()}_PASSWORD`]
      return password === undefined ? [] : [[kind, password]]
    }),
  )
