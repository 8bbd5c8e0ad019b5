import { StocksError } from '../../helpers/core/errors.ts'
import type { Dataset, SourceRecord, Window } from './job.ts'

/**
 * The contract between the pipeline and the providers. An adapter knows endpoints, files and field names; it
 * knows nothing of tables, items or transactions. It takes one request for one issuer, one request for a
 * hundred symbols, one request for a session of the whole market and one bulk file for everything alike: each
 * is a batch that covers some subjects.
 */
export interface Provider {
  /** Name of its folder, e.g. `flat-files`. */
  readonly name: string
  /** What it can serve; asked before the run, so that what it cannot do is said before it. */
  readonly datasets: readonly Dataset[]
  /** Batches that may be read at once, each on a session of its own; 1 when not said. */
  readonly concurrency?: number
  /**
   * Asks something cheap, to learn whether the provider answers and accepts our credentials. Of a provider
   * over HTTP alone.
   *
   * @throws SourceError with what it said.
   */
  readonly probe?: (signal: AbortSignal) => Promise<void>
  /**
   * Groups the subjects into batches, in a stable order; each subject into one. Makes no request. A feed of
   * the whole market, a request a session, is one batch of all subjects with a page for each session: what a
   * killed run has fetched is in the archive.
   */
  batches(ask: Ask): readonly Batch[] | Promise<readonly Batch[]>
  /**
   * Every file that `read` may open for a batch, with the hash of its bytes now: with equal ones, and equal
   * subjects and window, it gives the same pages. Undefined when the source is not files, or when one of
   * them cannot be read; `read` then reports why.
   */
  readonly inputFiles?: (ask: Ask, batch: Batch) => Promise<readonly InputFile[] | undefined>
  /**
   * The newest day on which each filer filed something, from `since_date` until now, as the source itself
   * lists it: whoever is not in it has filed nothing since. Undefined if the source has no such list.
   *
   * @throws SourceError if the list of any of these days is not published, or not complete.
   */
  readonly newestFilings?: (since_date: string, signal: AbortSignal) => Promise<NewestFilings>
  /**
   * Reads one batch, page by page, in any order. A subject of the batch without a record and without an end
   * of its own ends as its job says (`without_records`). An end `failed` withholds every row of the subject;
   * the others count only where it has none.
   *
   * @throws SourceError when the batch as a whole cannot be read.
   */
  read(ask: Ask, batch: Batch, signal: AbortSignal): AsyncIterable<Page | SubjectEnd>
}

export interface NewestFilings {
  /** The newest day by filer (ten digits). */
  readonly days: ReadonlyMap<string, string>
  /** Last day that was listed. */
  readonly through_date: string
}

export interface Ask {
  readonly dataset: Dataset
  readonly subjects: readonly Subject[]
  readonly window: Window
  /** First session that our calendar knows, for a source that does not say since when. */
  readonly first_session_date: string
}

/** One subject of a job, with what an adapter may need to ask for it. */
export interface Subject {
  /** Its name in the ledger: a source_id, or a cik for filers. */
  readonly item: string
  readonly source_id: string | undefined
  readonly cik: string | undefined
  /** Share class FIGI, and its id at a provider (`alpaca:…`), where the universe says them. */
  readonly figi?: string | undefined
  readonly provider_id?: string | undefined
  /** Last day of listing, as the securities master has it. */
  readonly delist_date?: string | undefined
  /**
   * An answer about its filer that was archived since then (ISO 8601) is as good as a new one: it has filed
   * nothing since.
   */
  readonly filer_unchanged_since_at?: string | undefined
  /** The last ticker. */
  readonly ticker: string | undefined
  /** Every ticker that it held, with inclusive days; empty when they are not known yet. */
  readonly tickers: readonly {
    readonly ticker: string
    readonly valid_from: string
    readonly valid_to: string | null
  }[]
}

export interface Batch {
  /** For the log and the progress line, e.g. "prices_daily, 3 files" or "bars AAPL…AMZN". */
  readonly label: string
  readonly subjects: readonly Subject[]
  /** What it will cost, for the plan before the run. */
  readonly estimate: { readonly requests: number; readonly bytes: number }
}

/** A file that a batch is read from. */
export interface InputFile {
  /** Relative to the delivery. */
  readonly file: string
  readonly sha256: string
}

/** Records of one file or one response. */
export interface Page {
  /** File (relative to the delivery) or archived response, as a reject will name it. */
  readonly file: string
  /** SHA-256 of the bytes that it was read from, hexadecimal. */
  readonly archive_sha256: string
  readonly records: readonly LocatedRecord[]
  /** Bytes of its file or response that this page accounts for, for the progress line. */
  readonly read_bytes?: number
}
export interface LocatedRecord {
  readonly record: SourceRecord
  /** Line of a file or index in a response, counted from 1. */
  readonly line: number
  /** Set when the adapter itself could not make a record of it; `record` then holds what could be read. */
  readonly malformed?: string
  /** True when the fields of a malformed record are as stated: then they tell whose record it is. */
  readonly is_readable?: boolean
}

/** A subject for which the source has an answer of its own. */
export interface SubjectEnd {
  readonly item: string
  readonly status: 'empty' | 'not_found' | 'failed'
  readonly error_class?: ErrorClass
  readonly http_status?: number
  readonly reason: string
}

export type ErrorClass =
  | 'quota'
  | 'throttled'
  | 'auth'
  | 'entitlement'
  | 'transient'
  | 'malformed'
  | 'truncated'
  | 'conflict'
  | 'internal'

/** Facts about the account: every other request of the provider would get the same answer. */
const ABOUT_ACCOUNT: readonly ErrorClass[] = ['quota', 'auth', 'entitlement']

/** A batch could not be read. What is about the account parks the rest of the provider's items. */
export class SourceError extends StocksError {
  readonly transient: boolean
  readonly error_class: ErrorClass
  readonly http_status: number | undefined
  /** Not to be tried before, ISO 8601 UTC, when the source said so. */
  readonly next_try_at: string | undefined
  /**
   * True too where the provider wants to be left alone for longer than a run waits (`is_long_wait`), whatever
   * it calls that.
   */
  readonly is_about_account: boolean
  constructor(
    message: string,
    details: {
      error_class: ErrorClass
      http_status?: number
      next_try_at?: string
      is_long_wait?: boolean
      cause?: unknown
    },
  ) {
    super(message, { cause: details.cause })
    this.is_about_account = ABOUT_ACCOUNT.includes(details.error_class) || details.is_long_wait === true
    this.error_class = details.error_class
    this.http_status = details.http_status
    this.next_try_at = details.next_try_at
    this.transient = details.error_class === 'transient' || details.error_class === 'throttled'
  }
}
