/** Of the cases of an expensive property or drill, `npm test` runs one in five. */
const QUICK_SHARE = 5

/**
 * How many cases an expensive property or drill runs: all when PROPERTY_RUNS is `full`, as in .ci/run; else a
 * fifth, but at least `least`. Cheap properties (a millisecond a case) state their number themselves.
 */
export function runs(full: number, least = 2): number {
  if (process.env['PROPERTY_RUNS'] === 'full') return full
  return Math.min(full, Math.max(least, Math.ceil(full / QUICK_SHARE)))
}

/** How many inputs a fuzz test makes: FUZZ_RUNS (`npm run fuzz`), else `short`. */
export const fuzzRuns = (short: number): number => Number(process.env['FUZZ_RUNS'] ?? short)
