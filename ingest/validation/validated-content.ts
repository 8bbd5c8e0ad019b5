import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PRODUCT_VERSION } from '../../helpers/config/version.ts'
import { compareText } from '../../helpers/core/text.ts'
import type { Fingerprint } from '../../helpers/database/fingerprint.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { Check, Recomputation } from './check.ts'

const SQL = join(import.meta.dirname, 'sql')

/** Everything that the findings of a validation follow from. Equal hashes: the same findings. */
export interface ValidatedContent {
  /** Of all core tables, row by row. */
  readonly content_sha256: string
  /** Of every view, function, constraint and index of the core schema. */
  readonly schema_sha256: string
  /** Of the rows that checks read outside of the core schema. */
  readonly inputs_sha256: string
  /** Of the checks, the code that runs them, the acceptances, the server's version and the day. */
  readonly checks_sha256: string
}

/**
 * Identifies what a validation validates. Undefined when a user's own checks are among `checks`: what their
 * queries read is not known, so their result is never used again.
 *
 * @param fingerprint of the content of `db`, read just before.
 * @param today the day on which acceptances are judged for expiry, YYYY-MM-DD; today (UTC) when not given.
 */
export async function validatedContentOf(
  db: Database,
  fingerprint: Pick<Fingerprint, 'content_sha256' | 'schema_sha256'>,
  checks: readonly (Check | Recomputation)[],
  today: string = new Date().toISOString().slice(0, 10),
): Promise<ValidatedContent | undefined> {
  if (checks.some((check) => 'is_own' in check && check.is_own)) return undefined
  const inputs = await db.rows(queryFile(SQL, 'validation-inputs'))
  const { version } = await db.one<{ version: string }>('select version()')
  const texts = checks.map((check) => JSON.stringify(check))
  return {
    content_sha256: fingerprint.content_sha256,
    schema_sha256: fingerprint.schema_sha256,
    inputs_sha256: sha256Of([JSON.stringify(inputs)]),
    checks_sha256: sha256Of([PRODUCT_VERSION, version, today, ...texts, ...sourceTexts()]),
  }
}

/** True when the findings of both are the same. Never true of a content that is not known. */
export const isSameContent = (a: ValidatedContent | undefined, b: ValidatedContent | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.content_sha256 === b.content_sha256 &&
  a.schema_sha256 === b.schema_sha256 &&
  a.inputs_sha256 === b.inputs_sha256 &&
  a.checks_sha256 === b.checks_sha256

/** The files of this folder that decide what is found, each with its name: all but the tests. */
function sourceTexts(): string[] {
  const names = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => /\.(ts|sql|json)$/.test(name) && !name.endsWith('.test.ts'))
    .toSorted(compareText)
    .map((name) => `${name} ${readFileSync(join(import.meta.dirname, name), 'utf8')}`)
}

function sha256Of(texts: readonly string[]): string {
  const hash = createHash('sha256')
  // The length separates the texts: two lists with the same concatenation have different hashes.
  for (const text of texts) hash.update(`${text.length} ${text}\n`)
  return hash.digest('hex')
}
