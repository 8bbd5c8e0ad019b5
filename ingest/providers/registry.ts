import type { Log } from '../../helpers/core/log.ts'
import { type AdapterContext, guarded } from '../adapter/adapter.ts'
import type { Adapter, Credentials } from '../adapter/declaration.ts'
import type { Archive } from '../archive/archive.ts'
import type { Provider } from '../contract/provider.ts'
import { sourceError } from '../http/breaker.ts'
import { type HttpClient, openClient } from '../http/client.ts'
import type { Ledger } from '../http/ledger.ts'
import type { HttpProfile } from '../http/profile.ts'
import { ADAPTER as alpaca } from './alpaca/adapter.ts'
import { combined } from './combined.ts'
import { ADAPTER as nasdaqDirectory } from './nasdaq-directory/adapter.ts'
import { ADAPTER as secEdgar } from './sec-edgar/adapter.ts'
import { ADAPTER as yahoo } from './yahoo/adapter.ts'

/** The adapters over HTTP by name. This list is the only place that names them all. */
export const ADAPTERS: Readonly<Record<string, Adapter>> = Object.fromEntries(
  [secEdgar, nasdaqDirectory, alpaca, yahoo].map((adapter) => [adapter.name, adapter]),
)

export interface OpenOptions {
  readonly mode: 'live' | 'rehearsal' | 'replay'
  readonly credentials: Credentials
  readonly archive: Archive
  readonly ledger: Ledger
  readonly log: Log
  /** Today in New York, YYYY-MM-DD. */
  readonly today: string
  /** The present moment; left out, noon of today, UTC. */
  readonly now?: () => Date
  /** Answers archived since then are not fetched again: the start of the run that is resumed. */
  readonly reuse_since_at?: string
  /** Loopback servers of the rehearsal, by the official origins that they replace. */
  readonly stand_ins?: Readonly<Record<string, string>>
  /** See ClientOptions; of use in a rehearsal alone. */
  readonly haste?: number
  /** `--max-requests`. */
  readonly requests_max?: number
}
export interface Providers {
  /** A provider by name, or several that are asked together; the same one at every call. */
  get(names: Named): Provider
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
        `The bound of ${options.requests_max} requests (--max-requests) is reached. ` +
          'Resume with a larger one.',
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
      'a response has a field that the adapter does not know: the adapter has to be revised',
    )
  const { today } = options
  const now = options.now ?? (() => new Date(`${today}T12:00:00Z`))
  const noticed = new Set<string>()
  const onNotice = (text: string): void => {
    if (!noticed.has(text)) options.log.warn({ expected: true }, text)
    noticed.add(text)
  }
  const one = (name: string): Provider => {
    const adapter = ADAPTERS[name]
    if (adapter === undefined)
      throw new TypeError(
        `Unknown provider "${name}"; the providers are ${Object.keys(ADAPTERS).join(', ')}.`,
      )
    const provider =
      opened.get(name) ??
      guarded(adapter.open({ client, today, now, onNotice, onUnknownField }, options.credentials))
    opened.set(name, provider)
    return provider
  }
  return {
    get(names) {
      const parts = partsOf(names)
      const [first = '', second] = parts
      if (second === undefined) return one(first)
      const key = JSON.stringify(parts)
      const provider = opened.get(key) ?? combined(parts.map(one))
      opened.set(key, provider)
      return provider
    },
    requests: () => permitted,
    close: async () => void (await Promise.all(clients.map((each) => each.close()))),
  }
}

/** A provider, or several that are asked together, as bootstrap.json names them. */
export type Named = string | readonly string[]
export const partsOf = (names: Named): readonly string[] => (typeof names === 'string' ? [names] : names)
