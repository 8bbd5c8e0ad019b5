import { join } from 'node:path'
import { expect, it } from 'vitest'
import { figure, referenceFolder } from '../../helpers/testing/reference.ts'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { ingestDelivery } from '../testing/flat-files/delivery.ts'
import { SECOND_SOURCE_CHECKS } from '../validation/checks.ts'
import { validate } from '../validation/validate.ts'
import { loadSecondSource } from './load.ts'
import { secondSourceText } from './text.ts'

it('two vendors agree on closes, splits and dividends of liquid shares, with named exceptions', async () => {
  const scratch = await scratchDatabase({ migrated: true })
  try {
    await ingestDelivery(scratch.connection, join(referenceFolder(), 'flat-files'))
    await loadSecondSource(scratch.db, flatFiles(join(referenceFolder(), 'flat-files-av')), 'the other')
    const { checks } = await validate(scratch.db, { checks: SECOND_SOURCE_CHECKS, accepted: [] })
    const counts = Object.fromEntries(checks.map(({ name, violations_count }) => [name, violations_count]))
    figure('differences between two vendors', {
      ...counts,
      text: await secondSourceText(scratch.db),
      examples: checks.map(({ examples }) => examples),
    })
    expect(counts['second-source-split']).toBe(0)
    const { compared } = await scratch.db.one<{ compared: number }>(
      'select sum(compared_count)::integer as compared from ingestion.second_source_coverage_v',
    )
    expect(compared).toBeGreaterThan(10_000)
    expect((counts['second-source-close'] ?? 0) + (counts['second-source-cash'] ?? 0)).toBeLessThan(
      compared / 100,
    )
  } finally {
    await scratch.drop()
  }
})
