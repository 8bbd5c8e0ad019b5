import type { Credentials } from '../../helpers/config/credentials.ts'
import type { Log } from '../../helpers/core/log.ts'
import { type AdapterContext, guarded } from '../adapter/adapter.ts'
import type { Archive } from '../archive/archive.ts'
import type { Dataset } from '../contract/job.ts'
import type { Provider } from '../contract/provider.ts'
import { sourceError } from '../http/breaker.ts'
import type { Limit } from '../http/budget.ts'
import { type HttpClient, openClient } from '../http/client.ts'
import type { Ledger } from '../http/ledger.ts'
import type { HttpProfile } from '../http/profile.ts'
import { profileOf as alpacaProfile } from './alpaca/endpoints.ts'
import { alpaca } from './alpaca/provider.ts'
import { combined } from './combined.ts'
import { PROFILE as NASDAQ_PROFILE } from './nasdaq-directory/endpoints.ts'
import { nasdaqDirectory } from './nasdaq-directory/provider.ts'
import { profileOf as secProfile } from './sec-edgar/endpoints.ts'
import { secEdgar } from './sec-edgar/provider.ts'
import { PROFILE as YAHOO_PROFILE } from './yahoo/endpoints.ts'
import { yahoo } from './yahoo/provider.ts'

/** What is known of an adapter before it is opened. This table is the only place that lists them. */
export interface Adapter {
  readonly datasets: readonly Dataset[]
  readonly limits: readonly Limit[]
  /** What it does not do, for the plan: said before the run and not during it. */
  readonly cannot: string
  /** Why it cannot be used with these credentials; undefined when it can. */
  readonly lacks: (credentials: Credentials) => string | undefined
  readonly open: (context: AdapterContext, credentials: Credentials) => Provider
}

const unset = (name: string): string => `${name} is not set`

export const ADAPTERS: Readonly<Record<string, Adapter>> = {
  'sec-edgar': {
    datasets: ['securities', 'fundamentals', 'corporate_actions'],
    limits: secProfile('').limits,
    cannot:
      'of corporate actions it knows delistings alone, by the day of the filing; of exchanges it cannot tell those of the NYSE group apart',
    lacks: ({ sec_user_agent }) =>
      sec_user_agent === undefined
        ? `${unset('SEC_USER_AGENT')}; the SEC wants "Name contact@example.com"`
        : undefined,
    open: (context, { sec_user_agent = '' }) => secEdgar(context, { user_agent: sec_user_agent }),
  },
  'nasdaq-directory': {
    datasets: ['securities', 'ticker_history'],
    limits: NASDAQ_PROFILE.limits,
    cannot: 'it knows what is listed today: nothing delisted, no filers, no earlier tickers',
    lacks: () => undefined,
    open: (context) => nasdaqDirectory(context),
  },
  alpaca: {
    datasets: ['securities', 'ticker_history', 'prices_daily', 'corporate_actions'],
    limits: alpacaProfile({ key_id: '', secret_key: '' }).limits,
    cannot: 'nothing before 2016; a free plan has no consolidated prices of the last 15 minutes',
    lacks: ({ alpaca_key_id, alpaca_secret_key }) =>
      alpaca_key_id === undefined
        ? unset('APCA_API_KEY_ID')
        : alpaca_secret_key === undefined
          ? unset('APCA_API_SECRET_KEY')
          : undefined,
    open: (context, { alpaca_key_id: key_id = '', alpaca_secret_key: secret_key = '' }) =>
      alpaca(context, { key_id, secret_key }),
  },
  yahoo: {
    datasets: ['prices_daily', 'corporate_actions'],
    limits: YAHOO_PROFILE.limits,
    cannot:
      'nothing delisted; prices are rebuilt from adjusted ones; it is unofficial, and its terms want personal use',
    lacks: ({ is_yahoo_allowed }) =>
      is_yahoo_allowed ? undefined : `${unset('YAHOO_ENABLED')}; set it to 1 to opt in`,
    open: (context) => yahoo(context),
  },
}

export interface OpenOptions {
  readonly mode: 'live' | 'rehearsal' | 'replay'
  readonly credentials: Credentials
  readonly archive: Archive
  readonly ledger: Ledger
  readonly log: Log
  /** Today in New York, YYYY-MM-DD. */
  readonly today: string
  /** Answers archived since then are not fetched again: the start of the run that is resumed. */
  readonly reuse_since_at?: string
  /** Loopback servers of the rehearsal, by the official origins that they stand in for. */
  readonly stand_ins?: Readonly<Record<string, string>>
  /** See ClientOptions; of use in a rehearsal alone. */
  readonly haste?: number
  /** `--max-requests`. */
  readonly requests_max?: number
}
export interface Providers {
  /** A provider by name, or several with " + " between them; the same one at every call. */
  get(name: string): Provider
  /** Requests that were permitted so far. */
  requests(): number
  close(): Promise<void>
}

/** Opens adapters as they are asked for, all with one archive, one ledger and one bound of requests. */
export function openProviders(options: OpenOptions): Providers {
  const clients: HttpClient[] = []
  const opened = new Map<string, Provider>()
  let permitted = 0
  const permit = (): void => {
    if (options.requests_max !== undefined && permitted >= options.requests_max) {
      throw sourceError(
        `The bound of ${options.requests_max} requests (--max-requests) is reached. Resume with a larger one.`,
        {
          error_class: 'quota',
        },
      )
    }
    permitted++
  }
  const client = (profile: HttpProfile): HttpClient => {
    const own = openClient(profile, {
      ledger: options.ledger,
      archive: options.archive,
      log: options.log,
      mode: options.mode === 'replay' ? 'replay' : 'live',
      permit,
      ...(options.reuse_since_at === undefined ? {} : { reuse_since_at: options.reuse_since_at }),
      ...(options.mode === 'rehearsal' && options.stand_ins !== undefined
        ? { stand_ins: options.stand_ins }
        : {}),
      ...(options.mode === 'rehearsal' && options.haste !== undefined ? { haste: options.haste } : {}),
    })
    clients.push(own)
    return own
  }
  const onUnknownField: AdapterContext['onUnknownField'] = (field) =>
    options.log.warn(
      { ...field, expected: true },
      'a response has a field that the adapter does not know; the adapter wants a look',
    )
  const one = (name: string): Provider => {
    const adapter = ADAPTERS[name]
    if (adapter === undefined)
      throw new TypeError(`There is no provider "${name}"; there are ${Object.keys(ADAPTERS).join(', ')}.`)
    const provider =
      opened.get(name) ??
      guarded(adapter.open({ client, today: options.today, onUnknownField }, options.credentials))
    opened.set(name, provider)
    return provider
  }
  return {
    get(name) {
      const parts = partsOf(name)
      const key = parts.join('+')
      const provider = opened.get(key) ?? (parts.length === 1 ? one(key) : combined(parts.map(one)))
      opened.set(key, provider)
      return provider
    },
    requests: () => permitted,
    close: async () => void (await Promise.all(clients.map((each) => each.close()))),
  }
}

/** "a + b" → [a, b]. */
export const partsOf = (name: string): string[] => name.split('+').map((part) => part.trim())
