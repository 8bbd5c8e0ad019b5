/**
 * A seeded source of numbers: the same seed gives the same world on every machine. Uses integer operations
 * and IEEE division alone.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer, both ends inclusive. */
  integer(from: number, to: number): number
  /** One of the items. */
  pick<T>(items: readonly T[]): T
  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean
  /**
   * Bell-shaped, mean 0, standard deviation 1, bounded by ±3.5: a sum of twelve uniforms would do the same at
   * thrice the cost.
   */
  bell(): number
}

/**
 * sfc32 (Chris Doty-Humphrey, PractRand), seeded from text so that each security and filer draws from a
 * stream of its own.
 */
export function createRandom(seed: string): Random {
  let a = fnv(seed, 0x811c9dc5)
  let b = fnv(seed, 0x9e3779b9)
  let c = fnv(seed, 0x85ebca6b)
  let counter = 1
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    c |= 0
    return (t >>> 0) / 4_294_967_296
  }
  for (let warm = 0; warm < 15; warm++) next()
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    integer,
    pick: (items) => {
      const item = items[integer(0, items.length - 1)]
      if (item === undefined) throw new RangeError('pick needs at least one item')
      return item
    },
    chance: (probability) => next() < probability,
    bell: () => (next() + next() + next() + next() - 2) * 1.7320508,
  }
}

/** FNV-1a over the characters, from a chosen basis. */
function fnv(text: string, basis: number): number {
  let hash = basis
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash | 0
}
