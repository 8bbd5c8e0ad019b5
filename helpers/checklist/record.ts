import { join } from 'node:path'
import { messageOf, StocksError } from '../core/errors.ts'
import type { JournalEntry, RunEvent, Verdict } from './events.ts'
import { Journal } from './journal.ts'
import { judge } from './judge.ts'
import { type RunView, viewOf } from './view.ts'

/** Writes every report of a run from its journal: atomically, and again whenever it is called. */
export type WriteReports = (run_directory: string) => void

/** A line of the journal, or a report, could not be written. The run cannot pass any more. */
class EvidenceError extends StocksError {
  readonly transient = false
}

/** One run's journal, its entries in memory, and the reports that follow from them. */
export class RunRecord {
  readonly directory: string
  readonly #journal: Journal
  readonly #entries: JournalEntry[] = []
  readonly #write: WriteReports
  #has_ended = false
  /**
   * Called once, when evidence cannot be written: nothing is recorded after that. Until it is set, the error
   * is thrown.
   */
  onLost: ((error: Error) => void) | undefined

  constructor(directory: string, write: WriteReports) {
    this.directory = directory
    this.#journal = Journal.create(join(directory, 'journal.jsonl'))
    this.#write = write
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries
  }
  get has_ended(): boolean {
    return this.#has_ended
  }
  view(): RunView {
    return viewOf(this.#entries)
  }

  /** Does nothing after the end: an event of a dying worker cannot change the verdict. */
  append(event: RunEvent): void {
    this.#kept(() => void this.#entries.push(this.#journal.append(event)))
  }

  writeReports(): void {
    this.#kept(() => this.#write(this.directory))
  }

  #kept(write: () => void): void {
    if (this.#has_ended) return
    try {
      write()
    } catch (error) {
      const lost = new EvidenceError(
        `The evidence of this run could not be written to ${this.directory}: ${messageOf(error)}. ` +
          'Free space or give access there, and run again.',
        { cause: error },
      )
      if (this.onLost === undefined) throw lost
      this.#has_ended = true
      this.onLost(lost)
    }
  }

  /** Writes the verdict, closes the journal, and writes the reports for the last time. */
  end(interrupted_by?: string): Verdict {
    const { verdict, reasons } = judge(this.#entries, interrupted_by === undefined ? 'over' : 'INTERRUPTED')
    const ending =
      interrupted_by === undefined
        ? { verdict, reasons }
        : {
            verdict: 'INTERRUPTED' as const,
            reasons: [`the run was interrupted by ${interrupted_by}`, ...reasons],
          }
    this.append({ event: 'run-ended', ...ending, noticed_by: null })
    this.writeReports()
    this.#has_ended = true
    this.#journal.close()
    return ending.verdict
  }
}
