import type { Config } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { ConfigError, messageOf } from '../../helpers/core/errors.ts'
import type { Log } from '../../helpers/core/log.ts'
import { openDatabase } from '../../helpers/postgres/database.ts'
import type { Credentials } from '../adapter/declaration.ts'
import { openArchive } from '../archive/archive.ts'
import type { Dataset, JobName, Window } from '../contract/job.ts'
import type { Provider, Subject } from '../contract/provider.ts'
import { memoryLedger, openLedger } from '../http/ledger.ts'
import type { Universe } from '../universe/read.ts'
import { type Choice, chooseProviders, weighProviders } from './choose.ts'
import { credentialFaults, REHEARSAL_CREDENTIALS, readCredentials } from './credentials.ts'
import { type Plan, type PlannedAsk, planOf } from './plan.ts'
import { type Named, type OpenOptions, openProviders, type Providers, partsOf } from './registry.ts'

/** The providers of a run over HTTP, and what to do with them afterwards. */
export interface HttpProviders {
  /** In the order of the choices: for each dataset the first that serves it is the chosen one. */
  readonly providers: readonly Provider[]
  readonly choices: readonly Choice[]
  /** Asks each provider something cheap, with our credentials. */
  readonly probe: (signal: AbortSignal) => Promise<readonly Probed[]>
  /** What these jobs will cost for this universe, before anything is known of it. Makes no requests. */
  readonly plan: (jobs: readonly JobName[], universe: Universe, window: Window) => Promise<Plan>
  /** Requests sent so far. */
  readonly requests: () => number
  readonly close: () => Promise<void>
}

export interface HttpProvidersOptions {
  /** The database that holds the ledger of requests. Before there is one, its budgets are kept in memory. */
  readonly connection?: Connection
  readonly log: Log
  /** ISO 8601; see OpenOptions. */
  readonly reuse_since_at?: string
  readonly requests_max?: number
  readonly haste?: number
  /** The jobs that need a provider; all when left out. */
  readonly jobs?: readonly JobName[]
  /** Providers that are skipped this time. */
  readonly without?: readonly string[]
  /** In place of those of the configuration; for tests. */
  readonly credentials?: Credentials
  /** The moment that counts as now; for tests. */
  readonly now?: Date
}

/**
 * Opens what the set in force names, for the sources live, replay and rehearsal. Makes no requests.
 *
 * @throws ConfigError when a job has no provider that can be used.
 */
export function openHttpProviders(
  config: Pick<Config, 'source' | 'providers' | 'directories'>,
  options: HttpProvidersOptions,
): HttpProviders {
  const { source, providers: settings, directories } = config
  const credentials = options.credentials ?? credentialsOf(config)
  const choices = chooseProviders(settings.set, credentials, options.without, options.jobs)
  const db =
    options.connection === undefined
      ? undefined
      : openDatabase(options.connection, { connections_max: 2, application: 'stocks-research requests' })
  const open: OpenOptions = {
    mode: source.mode === 'replay' || source.mode === 'rehearsal' ? source.mode : 'live',
    credentials,
    archive: openArchive(source.mode === 'replay' ? source.directory : directories.archive),
    ledger: db === undefined ? memoryLedger() : openLedger(db, 'current'),
    log: options.log,
    today: todayInNewYork(options.now ?? new Date()),
    now: () => options.now ?? new Date(),
    ...(options.reuse_since_at === undefined ? {} : { reuse_since_at: options.reuse_since_at }),
    ...(options.requests_max === undefined ? {} : { requests_max: options.requests_max }),
    ...(options.haste === undefined ? {} : { haste: options.haste }),
    ...(settings.stand_ins === undefined ? {} : { stand_ins: settings.stand_ins }),
  }
  const opened = openProviders(open)
  return {
    providers: choices.map((choice) => only(opened, choice.provider, choice.dataset)),
    choices,
    probe: (signal) =>
      probeAll(opened, [...new Set(choices.flatMap(({ provider }) => partsOf(provider)))], signal),
    plan: (jobs, universe, window) =>
      planOf(
        asksOf(
          opened,
          choices.filter(({ job }) => jobs.includes(job)),
          universe,
          window,
        ),
      ),
    requests: opened.requests,
    async close() {
      await opened.close()
      await db?.close()
    },
  }
}

function asksOf(
  opened: Providers,
  choices: readonly Choice[],
  { members }: Universe,
  window: Window,
): PlannedAsk[] {
  const securities = members.map(
    ({ source_id, cik, ...ids }): Subject => ({ item: source_id, source_id, cik, tickers: [], ...ids }),
  )
  // Facts are asked for once a filer; whoever has no known one yet may have one of its own.
  const filers = [...Map.groupBy(securities, ({ cik, item }) => cik ?? item).values()].flatMap(
    ([first]) => first ?? [],
  )
  return choices.flatMap(({ job, dataset, provider }) => {
    const subjects = dataset === 'fundamentals' ? filers : securities
    const ask = { dataset, subjects, window, first_session_date: window.start_date }
    return partsOf(provider).flatMap((part) => {
      const own = { job, provider: opened.get(part), ask }
      const isLoadedBeside = dataset === 'fundamentals' && own.provider.datasets.includes('filings')
      return isLoadedBeside && !isAskedForDelistings(choices, part)
        ? [own, { ...own, ask: { ...ask, dataset: 'filings' as const } }]
        : [own]
    })
  })
}

/** True when the corporate actions of the provider come from the same answers as its filings. */
const isAskedForDelistings = (choices: readonly Choice[], part: string): boolean =>
  choices.some(({ dataset, provider }) => dataset === 'corporate_actions' && partsOf(provider).includes(part))

/**
 * Who we are to the providers: a live run reads the environment, any other mode uses what a rehearsal sends.
 *
 * @throws ConfigError that names every fault of a variable that is set.
 */
export function credentialsOf({ source, providers }: Pick<Config, 'source' | 'providers'>): Credentials {
  if (source.mode !== 'live') return REHEARSAL_CREDENTIALS
  const faults = credentialFaults(providers.variables)
  if (faults.length > 0) throw new ConfigError(faults)
  return readCredentials(providers.variables)
}

/** What a live run would choose for each job, and every reason why it cannot; nothing is thrown. */
export function weighConfigured({ providers }: Pick<Config, 'providers'>): ReturnType<typeof weighProviders> {
  const weighed = weighProviders(providers.set, readCredentials(providers.variables))
  return { ...weighed, faults: [...credentialFaults(providers.variables), ...weighed.faults] }
}

/** What a provider said to us; `fault` is undefined when it accepts us. */
export interface Probed {
  readonly provider: string
  readonly fault: string | undefined
}

async function probeAll(opened: Providers, names: readonly string[], signal: AbortSignal): Promise<Probed[]> {
  const ask = async (provider: string): Promise<Probed> => {
    try {
      await opened.get(provider).probe?.(signal)
      return { provider, fault: undefined }
    } catch (error) {
      return { provider, fault: messageOf(error) }
    }
  }
  return Promise.all(names.map(ask))
}

/**
 * A provider that serves one dataset: it may be chosen for prices and passed over for actions. Filings are
 * those of the facts.
 */
function only(opened: Providers, names: Named, dataset: Dataset): Provider {
  const provider = opened.get(names)
  const wanted: readonly Dataset[] = dataset === 'fundamentals' ? ['fundamentals', 'filings'] : [dataset]
  return { ...provider, datasets: provider.datasets.filter((each) => wanted.includes(each)) }
}

function todayInNewYork(now: Date): string {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone: 'America/New_York',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(now)
}
