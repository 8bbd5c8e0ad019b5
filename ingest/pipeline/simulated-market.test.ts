import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { universeCsv, writeFlatFiles } from '../../helpers/simulator/market/flat-files.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { differencesFromTruth } from '../../helpers/testing/market/differences.ts'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { ingestDelivery } from '../testing/flat-files/delivery.ts'
import { CHECKS } from '../validation/checks.ts'
import { validate } from '../validation/validate.ts'

const world = createWorld({ seed: 'another market than that of the rehearsal', securities: 62 })

describe('a simulated market', () => {
  let directory: string
  let scratch: Awaited<ReturnType<typeof scratchDatabase>>
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'simulated-market-'))
    await writeFlatFiles(world, directory)
    await writeFile(join(directory, 'universe.csv'), universeCsv(world))
    scratch = await scratchDatabase({ migrated: true })
    await ingestDelivery(scratch.connection, directory, {
      jobs: JOB_NAMES,
      window: { start_date: world.start_date, end_date: world.end_date },
    })
  })
  afterAll(async () => {
    await scratch?.drop()
    await rm(directory, { recursive: true, force: true })
  })

  test('is in the database as it was: identity, bars, factors, actions, vintages, quarters', async () => {
    const { differences, compared } = await differencesFromTruth(scratch.db, world)
    expect(differences).toEqual([])
    expect(compared.bars).toBe(world.securities.reduce((sum, security) => sum + security.bars.length, 0))
    expect(compared.look_ups).toBeGreaterThan(100_000)
    // Mergers in cash, shares and both, bankruptcy and liquidation are among them.
    expect(compared.delisting_returns).toBeGreaterThanOrEqual(6)
    expect(compared.delistings).toBeGreaterThan(compared.delisting_returns)
  })

  test('has no violation of a hard check', async () => {
    const checks = CHECKS.filter(({ severity }) => severity === 'hard')
    const report = await validate(scratch.db, { checks, accepted: [] })
    expect(report.checks.filter(({ violations_count }) => violations_count > 0)).toEqual([])
    expect(report.checks.length).toBe(checks.length)
  })

  test('is found to differ when a price, an interval, an action or a fact is not what it was', async () => {
    await scratch.db.execute(`
      update stocks_research.prices_daily
      set close = low
      where ctid = (select ctid from stocks_research.prices_daily where close > low limit 1);
      update stocks_research.ticker_history
      set valid_from = valid_from + 1
      where ctid = (select ctid from stocks_research.ticker_history where valid_to is null limit 1);
      update stocks_research.corporate_actions
      set shares_per_share = shares_per_share * 1.000001
      where shares_per_share is not null;
      delete from stocks_research.corporate_actions
      where ctid = (select ctid from stocks_research.corporate_actions where kind = 'cash_dividend' limit 1);
      update stocks_research.filings
      set accepted_at = accepted_at + interval '1 second'
      where ctid = (select ctid from stocks_research.filings limit 1);
      update stocks_research.fundamentals_raw
      set filed = filed + 1
      where ctid = (select ctid from stocks_research.fundamentals_raw limit 1);
      update stocks_research.fundamentals_derived
      set value = value + 1
      where ctid = (select ctid from stocks_research.fundamentals_derived where value is not null limit 1)`)
    const { differences } = await differencesFromTruth(scratch.db, world)
    for (const words of [
      /^The bar of/,
      /ticker interval/,
      /^Missing action/,
      /^The end of/,
      /^Filing .* was accepted/,
      /^Missing fact/,
      /as of .* is /,
    ]) {
      expect(
        differences.some((difference) => words.test(difference)),
        String(words),
      ).toBe(true)
    }
  })
})
