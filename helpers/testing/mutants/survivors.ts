import type { Mutant } from './sample.ts'

/** A mutant that no test notices, and why. */
interface Survivor {
  readonly file: string
  /** The changed lines as the mutant has them. */
  readonly to: string
  /** `equivalent`: no input gives another result. `accepted`: an input does, and no test is worth its cost. */
  readonly verdict: 'equivalent' | 'accepted'
  readonly reason: string
}

const SURVIVORS: readonly Survivor[] = []

export const survivorOf = ({ file, to }: Pick<Mutant, 'file' | 'to'>): Survivor | undefined =>
  SURVIVORS.find((survivor) => survivor.file === file && survivor.to === to)
