import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { deliveryEnvironment } from '../testing/commands/delivery-environment.ts'
import { inProcess } from '../testing/commands/in-process.ts'
import { SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

/**
 * Another vendor of the same securities: a close that is far off, one that is rounded, a bar less and one
 * more, another split ratio, other payments, and nothing of the third.
 */
const OTHER_DELIVERY = {
  ...SMALL_DELIVERY,
  'prices_daily/prices.csv':
    'source_id,date,open,high,low,close,volume\n' +
    'x:first,2020-01-31,10,11,9,10.501,1000\n' +
    'x:first,2020-02-03,5,5.5,4.5,5.2,1100\n' +
    'x:first,2020-02-04,5,5.5,4.5,5.3,1100\n' +
    'x:second,2020-03-03,20,22,19.5,21,500\n',
  'splits/splits.csv': 'source_id,ex_date,split_from,split_to\nx:first,2020-02-03,1,2.02\n',
  'dividends/dividends.csv':
    'source_id,ex_date,amount,currency\nx:second,2020-03-03,0.05,USD\nx:first,2020-02-03,0.01,USD\n',
}

let scratch: Scratch
let root: string
let same: string
let other: string
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.execute(
    `insert into ingestion.environment (mode, made_by_run_id, product_version)
     values ('flat-files', 'r', '0')`,
  )
  root = await writeDelivery(SMALL_DELIVERY)
  same = await writeDelivery(SMALL_DELIVERY)
  other = await writeDelivery(OTHER_DELIVERY)
  const bootstrap = JSON.parse(await readFile(join(ROOT_DIRECTORY, 'bootstrap.json'), 'utf8'))
  const not_found_max_ratio = { ...bootstrap.thresholds.not_found_max_ratio, 'prices-daily': 0.5 }
  Object.assign(bootstrap.thresholds, { not_found_max_ratio })
  await writeFile(join(root, 'bootstrap.json'), JSON.stringify(bootstrap))
  expect((await command(['run', 'all'])).exitCode).toBe(0)
})
afterAll(() => scratch?.drop())

const command = (args: readonly string[], env: Record<string, string> = {}) =>
  inProcess(
    args,
    deliveryEnvironment(scratch.connection, root, { BOOTSTRAP_FILE: join(root, 'bootstrap.json'), ...env }),
  )
const contentHash = async (): Promise<string> =>
  (await fingerprintOf(scratch.connection, { scope: 'content', views: 'none' })).content_sha256
const scratches = (): Promise<{ datname: string }[]> =>
  scratch.db.rows(`select datname from pg_database where datname like 'stocks_research_scratch%'`)

test('a provider with equal rows changes nothing, and nothing must be accepted', async () => {
  const before = await contentHash()
  const found = await command(['provider', 'diff', '--source', `flat-files:${same}`])
  expect(found.exitCode, found.stderr).toBe(0)
  expect(found.stdout).toMatch('bars: 4 stored, 4 of the new provider; 0 only stored, 0 only new')
  expect(found.stdout).toMatch('no difference must be accepted')
  expect(await contentHash()).toBe(before)
})

test('a provider that changes or ends stored data is refused until each kind is accepted', async () => {
  const before = await contentHash()
  const source = ['--source', `flat-files:${other}`]
  const found = await command(['provider', 'diff', ...source])
  expect(found.exitCode, found.stderr).toBe(1)
  expect(found.stdout).toMatch('bars: 4 stored, 4 of the new provider; 2 only stored, 2 only new')
  expect(found.stdout).toMatch('closes that differ: 2, by up to 1.8868 per cent')
  expect(found.stdout).toMatch('(--accept securities): the new provider has no bars of 1 security: x:third')
  expect(found.stdout).toMatch('(--accept closes): 1 close of 1 security differ by more than 0.5 per cent')
  expect(found.stdout).toMatch('(--accept bars): the new provider lacks 1 bar of 1 security: x:second')
  expect(found.stdout).toMatch(/\(--accept events\): \d events that only one provider has/)

  const refused = await command(['provider', 'switch', ...source, '--accept', 'securities', 'closes', 'bars'])
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toMatch(/was not changed, because this was not accepted:\n {2}events: /)
  expect(refused.stderr).toMatch('repeat the command with --accept events')
  expect(await contentHash()).toBe(before)
  expect(await scratch.db.rows('select from ingestion.provider_changes')).toEqual([])
  expect(await scratches()).toEqual([])
})

test('a switch replaces rows and events, keeps bars, and records which provider gave which bar', async () => {
  const accept = ['--accept', 'securities', 'closes', 'bars', 'events']
  const changed = await command(['provider', 'switch', '--source', `flat-files:${other}`, ...accept])
  expect(changed.exitCode, changed.stderr).toBe(0)
  const bars = await scratch.db.rows(
    `select s.source_id, p.trade_date::text, p.close::text,
       ingestion.provider_of_bar(p.security_id, p.trade_date) as provider
     from stocks_research.prices_daily p join stocks_research.securities s using (security_id)
     order by 1, 2`,
  )
  expect(bars.map((bar) => Object.values(bar).join(' '))).toEqual([
    'x:first 2020-01-31 10.501 flat-files',
    'x:first 2020-02-03 5.2 flat-files',
    'x:first 2020-02-04 5.3 flat-files',
    'x:second 2020-03-02 21 flat-files',
    'x:second 2020-03-03 21 flat-files',
    'x:third 2020-01-30 1.25 flat-files',
  ])
  const events = await scratch.db.rows<{ event: string }>(
    `select concat_ws(' ', s.source_id, a.ex_date, a.kind) as event
     from stocks_research.corporate_actions a join stocks_research.securities s using (security_id)
     order by 1`,
  )
  // The former split would have been applied beside the new one, and the former payments beside the new ones.
  expect(events.map(({ event }) => event)).toEqual([
    'x:first 2020-02-03 cash_dividend',
    'x:first 2020-02-03 split',
    'x:second 2020-03-03 cash_dividend',
    'x:third 2020-01-31 delisting',
  ])
  const [change] = await scratch.db.rows(
    `select former_source, new_source, accepted, ended_at is not null as has_ended,
       (select array_agg(s.source_id || ' ' || k.first_date || ' ' || k.last_date order by s.source_id)
        from ingestion.kept_bars k join stocks_research.securities s using (security_id)) as kept
     from ingestion.provider_changes`,
  )
  expect(change).toEqual({
    former_source: `flat-files:${root}`,
    new_source: `flat-files:${other}`,
    accepted: ['securities', 'closes', 'bars', 'events'],
    has_ended: true,
    kept: ['x:second 2020-03-02 2020-03-02', 'x:third 2020-01-30 2020-01-30'],
  })
  const manual = await scratch.db.rows('select from ingestion.table_changes where run_id is null')
  expect(manual, 'every change belongs to the run').toEqual([])
  expect((await command(['validate'])).stdout).not.toMatch(/hard {2}.*manual/)
})

test('a change that has not ended refuses every other run, and is repeated', async () => {
  await scratch.db.execute(`update ingestion.provider_changes set run_id = null, ended_at = null`)
  const refused = await command(['run', 'all'])
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toMatch(/change of the provider to flat-files .* has not ended\. Repeat its command/)
  const accept = ['--accept', 'securities', 'closes', 'bars', 'events']
  const again = await command(['provider', 'switch', '--source', `flat-files:${other}`, ...accept])
  expect(again.exitCode, again.stderr).toBe(0)
  const changes = await scratch.db.rows(
    'select ended_at is not null as has_ended from ingestion.provider_changes',
  )
  expect(changes).toEqual([{ has_ended: true }])
})

test('a source that cannot be loaded changes nothing, and the error says why', async () => {
  const broken = await writeDelivery({
    ...SMALL_DELIVERY,
    'prices_daily/prices.csv': 'source_id,day\nx:first,1\n',
  })
  const before = await contentHash()
  const found = await command(['provider', 'switch', '--source', `flat-files:${broken}`])
  expect(found.exitCode).toBe(1)
  expect(found.stderr).toMatch(
    /The new provider, flat-files of .*, cannot be compared, since its load ended failed/,
  )
  expect(await contentHash()).toBe(before)
  expect(await scratches()).toEqual([])
})
