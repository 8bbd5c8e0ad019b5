import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeAtomicallySync } from '../core/atomic-file.ts'

const tickSchema = z.strictObject({
  phase: z.string(),
  /**
   * What the tick holds for: mode, server, database, universe, window, product version. With another scope
   * it does not hold.
   */
  scope: z.string(),
  run_id: z.string(),
  ticked_at: z.iso.datetime(),
  boxes_count: z.int().min(1),
})

/** Exists on disk exactly while every box of the phase is ticked for its scope. */
export type Tick = z.infer<typeof tickSchema>

/**
 * Which phases are ticked now. There is one ledger for all scopes, on purpose: a run over another universe
 * rebuilds the same database, so it must remove the ticks of the run before it.
 */
export class Ledger {
  readonly #directory: string
  constructor(directory: string) {
    this.#directory = directory
  }

  tick(tick: Tick): void {
    writeAtomicallySync(this.#file(tick.phase), `${JSON.stringify(tickSchema.parse(tick), null, 2)}\n`)
  }

  /**
   * Removes the ticks of `phase` and of all later ones, whatever their scope. A phase that starts is open
   * again.
   */
  untickFrom(phase: string): void {
    for (const each of this.#phases()) if (each >= phase) rmSync(this.#file(each), { force: true })
  }

  /**
   * The tick of `phase` in `scope`; undefined when there is none, when it is of another scope, or when it
   * cannot be read.
   */
  read(phase: string, scope: string): Tick | undefined {
    try {
      const tick = tickSchema.parse(JSON.parse(readFileSync(this.#file(phase), 'utf8')))
      return tick.phase === phase && tick.scope === scope ? tick : undefined
    } catch {
      return undefined // A damaged tick does not count: the phase runs again, which is always safe.
    }
  }

  #file = (phase: string): string => join(this.#directory, `${phase}.json`)
  #phases(): string[] {
    mkdirSync(this.#directory, { recursive: true })
    return readdirSync(this.#directory).flatMap((name) =>
      name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : [],
    )
  }
}
