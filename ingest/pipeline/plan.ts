import { PreconditionError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import type { Dataset, Job, SourcedJob, Window } from '../contract/job.ts'
import type { Provider, Subject } from '../contract/provider.ts'
import type { KnownSecurity } from './identity.ts'
import { endItems, type ItemEnd, type ItemScope, planItems } from './items.ts'
import type { Writer } from './lock.ts'

/**
 * What a job is asked about: the subjects that its source can be asked for, and the ends of those it cannot.
 */
interface Subjects {
  readonly asked: readonly Subject[]
  readonly ended: readonly ItemEnd[]
}

/** The first provider that serves the dataset. */
export function chooseProvider(providers: readonly Provider[], dataset: Dataset): Provider {
  const provider = providers.find(({ datasets }) => datasets.includes(dataset))
  if (provider !== undefined) return provider
  throw new PreconditionError(
    `No provider of this run serves ${dataset.replaceAll('_', ' ')}; it has ` +
      `${providers.map(({ name }) => name).join(', ') || 'none'}. Choose another source.`,
  )
}

/**
 * Plans the subjects of a job, ends those that cannot be asked for, and gives the others that are still to be
 * done.
 */
export async function openSubjects(
  db: Database,
  job: Job,
  known: readonly KnownSecurity[],
  scope: ItemScope,
  write: Writer,
): Promise<Subject[]> {
  const { asked, ended } = subjectsOf(job, known, scope.window)
  const items = [...asked, ...ended].map(({ item }) => item)
  const open = new Set(await planItems(db, scope, items))
  const isOpen = ({ item }: { readonly item: string }): boolean => open.has(item)
  await write(db, (tx) => endItems(tx, scope, ended.filter(isOpen)))
  return asked.filter(isOpen)
}

/**
 * The subjects of a job: every member of the universe, or every filer behind one. Who cannot be asked for
 * ends here, by name.
 */
function subjectsOf(job: Job, known: readonly KnownSecurity[], window: Window): Subjects {
  if (job.subject === 'filer') return filersOf(job, known)
  const ended: ItemEnd[] = []
  const asked = known.flatMap((security) => {
    const end = endBeforeAsking(job, security, window)
    if (end === undefined) return [subjectOf(security)]
    ended.push(end)
    return []
  })
  return { asked, ended }
}

function endBeforeAsking(job: Job, security: KnownSecurity, window: Window): ItemEnd | undefined {
  const item = security.source_id
  if (job.name === 'securities') return undefined
  if (!security.is_in_master) return endOf(item, 'not_found', 'It is not in the securities master.')
  if (job.kind === 'derived' || !job.is_windowed || security.tickers.length === 0) return undefined
  const meets = security.tickers.some(
    ({ valid_from, valid_to }) =>
      valid_from <= window.end_date && (valid_to === null || valid_to >= window.start_date),
  )
  return meets
    ? undefined
    : endOf(item, 'empty', `It was not listed in the window, ${window.start_date} to ${window.end_date}.`)
}

/**
 * Facts belong to a filer. A security without a known one is an item of its own, so that the gap has a name.
 */
function filersOf(job: Job, known: readonly KnownSecurity[]): Subjects {
  const byCik = Map.groupBy(known, ({ cik }) => cik)
  const asked = [...byCik].flatMap(([cik, [security]]) =>
    cik === undefined || security === undefined
      ? []
      : [{ ...subjectOf(security), item: cik, source_id: undefined }],
  )
  const ended =
    job.kind === 'derived'
      ? []
      : (byCik.get(undefined) ?? []).map(({ source_id, is_in_master }) =>
          endOf(
            source_id,
            'not_found',
            is_in_master ? 'No filer (cik) is known for it.' : 'It is not in the securities master.',
          ),
        )
  return { asked: asked.toSorted((a, b) => (a.item < b.item ? -1 : 1)), ended }
}

const subjectOf = ({
  source_id,
  cik,
  figi,
  provider_id,
  delist_date,
  ticker,
  tickers,
}: KnownSecurity): Subject => ({
  item: source_id,
  source_id,
  cik,
  figi,
  provider_id,
  delist_date,
  ticker,
  tickers,
})

const endOf = (item: string, status: 'empty' | 'not_found', reason: string): ItemEnd => ({
  item,
  status,
  reason,
  error_class: null,
  http_status: null,
  archive_sha256: [],
  rows_count: 0,
  next_try_at: null,
})

/** True for a job that asks a provider. */
export const isSourced = (job: Job): job is SourcedJob => job.kind === 'sourced'
