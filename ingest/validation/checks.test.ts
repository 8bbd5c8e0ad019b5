import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { childEnvironment } from '../../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { findTools } from '../../helpers/postgres/tools.ts'
import type { Scratch } from '../../helpers/testing/scratch.ts'
import { checksPage } from '../testing/validation/checks-page.ts'
import { smallMarket } from '../testing/validation/small-market.ts'
import { CHECKS, checksOf } from './checks.ts'
import { validate } from './validate.ts'

let scratch: Scratch
const folders: string[] = []
beforeAll(async () => {
  scratch = await smallMarket()
})
afterAll(async () => {
  for (const folder of folders) rmSync(folder, { recursive: true })
  await scratch?.drop()
})

const HEADER = '-- claim: no close is above 10.03\n-- severity: soft\n'
const QUERY =
  'select trade_date::text as subject, close from stocks_research.prices_daily where close > 10.03'

/** A folder outside the project with these checks, by file name. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'own-checks-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}
const ownChecks = (files: Readonly<Record<string, string>>) =>
  checksOf({ checks_directory: folderWith(files) })
/** What a validation with such a check says; the names of the checks that ran are added to `ran`. */
const refusalOf = (text: string, ran: string[] = []): Promise<unknown> =>
  validate(scratch.db, {
    checks: ownChecks({ 'high-close.sql': text }),
    accepted: [],
    onCheck: ({ name }) => ran.push(name),
  }).catch((error: Error) => error.message)

it('a check of a user’s own, in a folder outside the project, finds its planted row', async () => {
  await scratch.db.execute(
    "update stocks_research.prices_daily set close = 10.07 where trade_date = '2020-03-02'",
  )
  // With a semicolon and a comment at its end, as people write them.
  const checks = ownChecks({ 'high-close.sql': `${HEADER}${QUERY.replace('10.03', '10.06')}; -- the end\n` })
  const report = await validate(scratch.db, { checks, accepted: [] })
  expect(report.checks.map(({ name }) => name)).toEqual([...CHECKS.map(({ name }) => name), 'high-close'])
  const [own] = report.checks.slice(-1)
  expect(own).toMatchObject({ violations_count: 1, examples: [{ subject: '2020-03-02', close: '10.07' }] })
  const findings = await scratch.db.rows(
    "select subject, evidence ->> 'close' as close from ingestion.findings where check_name = 'high-close'",
  )
  expect(findings).toEqual([{ subject: '2020-03-02', close: '10.07' }])
})

it.each([
  ['without a claim', `-- severity: soft\n${QUERY}`, /has no claim; begin it with "-- claim: "/],
  ['with an unknown severity', HEADER.replace('soft', 'medium') + QUERY, /severity is "medium"; it must be/],
  ['without a severity', `-- claim: a claim\n${QUERY}`, /has no severity; add/],
  ['with an unknown key', `-- owner: me\n${HEADER}${QUERY}`, /unknown key "owner"; the keys are claim/],
  ['with a long claim', `-- claim: ${'x'.repeat(91)}\n-- severity: soft\n${QUERY}`, /91 characters; shorten/],
  ['with an unknown job', `${HEADER}-- job: prices\n${QUERY}`, /job is "prices"; it must be one of/],
  ['without a query', HEADER, /has no query; write one select/],
  ['without a subject', `${HEADER}select 1 as close -- the subject`, /no column "subject"/],
  ['with two statements', `${HEADER}${QUERY}; select 1 as subject`, /more than one statement/],
  ['that writes', `${HEADER}delete from ingestion.findings returning subject`, /begins with "delete"/],
])('a check %s is rejected when it is read, by file and fault', (_what, text, message) => {
  const read = (): unknown => ownChecks({ 'high-close.sql': text })
  expect(read).toThrow(message)
  expect(read).toThrow(/own-checks-.+high-close\.sql: /)
})

it.each([
  [
    'whose column is not there',
    `${HEADER}select subject from stocks_research.securities`,
    /column "subject" does not exist\. Name what/,
  ],
  [
    'whose subject is no column',
    `${HEADER}select 1 as close where 'subject' <> 'x' or "close" is not null /* */ and subject is null`,
    /column "(close|subject)" does not exist/,
  ],
  [
    'that writes inside',
    `${HEADER}with x as (delete from ingestion.findings returning subject) select subject from x`,
    /must be at the top level\. A check only reads/,
  ],
  ['that is no SQL', `${HEADER}select subject frm x`, /syntax error.+psql -f runs it/],
])('a check %s is rejected before the first check runs', async (_what, text, message) => {
  const ran: string[] = []
  expect(await refusalOf(text, ran)).toMatch(message)
  expect(ran).toEqual([])
})

it('a check whose function writes, or whose subject is null, cannot pass', async () => {
  await scratch.db.execute('create sequence public.s')
  expect(await refusalOf(`${HEADER}select nextval('public.s')::text as subject`)).toMatch(
    /The check high-close could not run: cannot execute nextval\(\) in a read-only transaction/,
  )
  expect(await refusalOf(`${HEADER}select null::text as subject`)).toMatch(
    /returned a row whose subject is null/,
  )
})

it('a folder without a check, and a name that the project has, are rejected', () => {
  expect(() => ownChecks({ 'notes.txt': '' })).toThrow(/has no \.sql file\. Add a check, or unset it/)
  expect(() => ownChecks({ 'price-positive.sql': HEADER + QUERY })).toThrow(
    /the project has a check "price-positive"; rename price-positive\.sql/,
  )
})

it('every check says why, and the order is by job, then hard before soft, then by name', () => {
  expect(CHECKS.filter(({ why = '' }) => why === '').map(({ name }) => name)).toEqual([])
  const of = CHECKS.filter(({ job }) => job === 'ticker-history').map(({ name }) => name)
  expect(of).toEqual([
    'one-security-a-ticker',
    'one-ticker-a-security',
    'security-history-covers-tickers',
    'ticker-history-inside-listing',
    'ticker-history-last-is-current',
  ])
})

it('psql runs the file of every check by itself', async () => {
  const files = CHECKS.flatMap((check) => ('file' in check ? [check.file] : []))
  const { psql } = await findTools(await versionOf(scratch))
  const done = await execa(
    psql.path,
    ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...files.flatMap((file) => ['-f', file])],
    { env: variablesOf(scratch.connection), extendEnv: false },
  )
  expect(done.stdout.match(/^\(\d+ rows?\)$/gm)).toHaveLength(files.length)
})

it('docs/checks.md lists every check as its file states it', async () => {
  const page = checksPage(CHECKS)
  expect(page.split('\n').filter((line) => line.length > 110)).toEqual([])
  // `-u` writes the page after a check was added or changed.
  await expect(page).toMatchFileSnapshot(join(ROOT_DIRECTORY, 'docs', 'checks.md'))
})

async function versionOf({ db }: Scratch): Promise<string> {
  return (await db.one<{ server_version: string }>('show server_version')).server_version
}

const variablesOf = ({ host, port, user, password, database }: Connection): Record<string, string> => ({
  ...childEnvironment(),
  PGHOST: host,
  PGPORT: String(port),
  PGUSER: user,
  PGPASSWORD: password ?? '',
  PGDATABASE: database,
})
