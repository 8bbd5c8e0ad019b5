import { afterAll, beforeAll, expect } from 'vitest'

/** The most memory that this process has had so far, MB. */
const peakMb = (): number => process.resourceUsage().maxRSS / 1024

/** The tests of this file, all together, raise the peak of the memory of their process by less than this. */
export function boundPeakMemory(growth_max_mb: number): void {
  let before = 0
  beforeAll(() => {
    before = peakMb()
  })
  afterAll(() => {
    expect(peakMb() - before, 'growth of the peak of memory in MB').toBeLessThan(growth_max_mb)
  })
}
