import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { referenceFolder } from '../../helpers/testing/reference.ts'
import { classify } from '../http/frame.ts'
import type { Outcome } from '../http/outcome.ts'
import { ADAPTERS } from './registry.ts'

const WIRE = join(referenceFolder(), 'wire')

// The class that each body must get, and who said it. A body without a line here fails the first test.
const EXPECTED: Readonly<Record<string, readonly [provider: string, outcome: Outcome]>> = {
  // About the end of one question, and not about the account.
  'alpaca_403_recent_sip.json': ['alpaca', 'malformed'],
  // Alpha Vantage has no adapter: by the rules alone, words in place of data are malformed, and never stored.
  'alphavantage_200_bad_symbol.json': ['alphavantage', 'malformed'],
  'alphavantage_200_quota.json': ['alphavantage', 'quota'],
  'eodhd_401.txt': ['eodhd', 'auth'],
  'fmp_200_quota.json': ['fmp', 'quota'],
  'fmp_429.json': ['fmp', 'quota'],
  'massive_401.json': ['massive', 'auth'],
  'massive_403.json': ['massive', 'entitlement'],
  'massive_429.json': ['massive', 'throttled'],
  'nasdaq_datalink_429.json': ['nasdaq-datalink', 'throttled'],
  'stooq_200_quota.txt': ['stooq', 'quota'],
  'tiingo_200_symbol_cap.json': ['tiingo', 'quota'],
  'tiingo_404.json': ['tiingo', 'not_found'],
  'tiingo_429_hourly.json': ['tiingo', 'quota'],
  'yahoo_404.json': ['yahoo', 'not_found'],
  'yahoo_429.txt': ['yahoo', 'throttled'],
}

interface Recorded {
  readonly file: string
  readonly status: number
  readonly content_type: string
}
const manifest = JSON.parse(readFileSync(join(WIRE, 'manifest.json'), 'utf8')) as Recorded[]
const errors = manifest.filter(({ file }) => file.startsWith('errors/'))

test('every recorded error body has a class to fall into', () => {
  expect(errors.map(({ file }) => file.slice('errors/'.length)).toSorted()).toEqual(
    Object.keys(EXPECTED).toSorted(),
  )
})

describe('each recorded error body', () => {
  for (const { file, status, content_type } of errors) {
    const [provider, outcome] = EXPECTED[file.slice('errors/'.length)] ?? ['nobody', 'ok']
    test(`${file} is ${outcome}`, () => {
      const body = readFileSync(join(WIRE, file))
      const verdict = classify(
        { http_status: status, headers: { 'content-type': content_type }, body },
        { patterns: ADAPTERS[provider]?.patterns ?? [], expects: 'json' },
      )
      expect(verdict).toMatchObject({ outcome })
    })
  }
  test('of the SEC for a missing file is not_found, on both of its hosts', () => {
    for (const [file, http_status] of [
      ['sec/archives_missing_403.xml', 403],
      ['sec/data_missing_404.xml', 404],
    ] as const) {
      const body = readFileSync(join(WIRE, file))
      expect(
        classify(
          { http_status, headers: {}, body },
          { patterns: ADAPTERS['sec-edgar']?.patterns ?? [], expects: 'json' },
        ),
      ).toMatchObject({
        outcome: 'not_found',
      })
    }
  })
})
