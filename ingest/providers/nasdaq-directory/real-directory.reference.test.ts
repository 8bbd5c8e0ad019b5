import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { read, readAny, symbolKey, write } from '../../adapter/notation.ts'
import { recordedJson } from '../../testing/providers/recordings.ts'
import type { DirectoryFile } from './endpoints.ts'
import { parseDirectory } from './parse.ts'

/**
 * Lines of a real directory of Nasdaq Trader of 2025-07-21, public repository hemza83/penny-symbol-cache:
 * otherlisted-symbols.txt: every symbol with a sign of A to ALUR and AVD to BFLY, in three notations;
 * otherlisted-lines.txt: most of them in ten samples of the rest, and lines whose names are hard to read;
 * nasdaqlisted-lines.txt: preferreds, units, warrants, rights and notes of AACB to AMZZ and COPP to DTST;
 * directory-types.txt: what each of these lines is, read by a person.
 */
const linesOf = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../testing/providers', name), 'utf8')
const directoryOf = (file: DirectoryFile) => parseDirectory(file, linesOf(`${file}-lines.txt`), () => {})
const other = directoryOf('otherlisted')
const nasdaq = directoryOf('nasdaqlisted')
const symbols = linesOf('otherlisted-symbols.txt')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('|'))

/** Tickers of two lists of the SEC, of May 2025 and of May 2024. */
const listOf2025 = (recordedJson('sec/company_tickers_exchange.json.gz') as { data: string[][] }).data.map(
  (row) => row[2] ?? '',
)
const listOf2024 = Object.values(
  recordedJson('sec/company_tickers.json.gz') as Record<string, { ticker: string }>,
).map(({ ticker }) => ticker)

/**
 * The lines that neither list of the SEC has, with the tickers that the lists have of the same root. Looked
 * at one by one: those are other series, or of another company (RPT-PD is of RPT Realty), and these are in no
 * notation. Most were listed after May 2025, or belong to companies that the lists do not have either.
 */
const NOT_AT_THE_SEC: Readonly<Record<string, string>> = {
  'AAM.U': 'AAM-PA AAM-PB',
  'AAM.WS': 'AAM-PA AAM-PB',
  'AHL.PRF': 'AHL-PC AHL-PD AHL-PE',
  'BA.PRA': '',
  'BK.PRK': '',
  'BOH.PRB': 'BOH-PA',
  'COPL.U': '',
  'COPL.WS': '',
  'EVAC.U': '',
  'GPUS.PRD': '',
  'GRAF.U': '',
  'GRAF.WS': '',
  'NEE.PRS': 'NEE-PN NEE-PP NEE-PQ NEE-PR',
  'NEE.PRT': 'NEE-PN NEE-PP NEE-PQ NEE-PR',
  'NEE.PRU': 'NEE-PN NEE-PP NEE-PQ NEE-PR',
  'NXG.RT.WI': '',
  'PEW.WS': '',
  'RF.PRF': 'RF-PB RF-PC RF-PE',
  'RFL.WS': '',
  'RPT.PRC': 'RPT-PD',
  'SOUL.RT': '',
  'SOUL.U': '',
  'TRTN.PRF': 'TRTN-PA TRTN-PB TRTN-PC TRTN-PD TRTN-PE',
  'UCB.PRI': '',
}

describe('the lines of a real directory', () => {
  it('are read without a fault, and their three columns are one security', () => {
    for (const { listings, malformed } of [other, nasdaq]) {
      expect(malformed).toEqual([])
      expect(listings.filter(({ fault }) => fault !== undefined)).toEqual([])
    }
    expect(other.listings).toHaveLength(237)
    expect(other.test_issues_count).toBe(2)
    expect(nasdaq.listings).toHaveLength(95)
    const differing = symbols.filter(([act = '', cqs = '', third = '']) => {
      const ours = [read(act, 'act'), read(cqs, 'cqs'), read(third, 'nasdaq')].map((symbol) =>
        symbol === undefined ? undefined : write(symbol, 'ours'),
      )
      return ours[0] === undefined || new Set(ours).size > 1
    })
    expect(differing).toEqual([])
  })

  it('have the type of security that a person reads in their names', () => {
    const ofType = Object.groupBy([...other.listings, ...nasdaq.listings], ({ type }) => type ?? 'not stated')
    const found = Object.entries(ofType).map(([type, some]) => [type, some.map(({ ticker }) => ticker)])
    const expected = linesOf('directory-types.txt')
      .trim()
      .split('\n')
      .map((line) => line.split(': '))
      .map(([type = '', tickers = '']) => [type, tickers.split(' ')])
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  })

  it('find their tickers in the lists of the SEC, wherever these have them', () => {
    const known = new Set([...listOf2025, ...listOf2024].map(symbolKey))
    const special = [
      ...symbols.map(([act = '']) => symbolKey(act)),
      ...other.listings.map(({ ticker }) => ticker).filter((ticker) => readAny(ticker)?.kind !== 'none'),
    ]
    expect(special).toHaveLength(56 + 184)
    const missing = special.filter((ticker) => !known.has(ticker))
    expect(special.length - missing.length).toBe(216)
    const ofRoot = (ticker: string): string => {
      const root = `${ticker.split('.')[0]}-`
      const both = new Set([...listOf2025, ...listOf2024].filter((each) => each.startsWith(root)))
      return [...both].toSorted().join(' ')
    }
    expect(Object.fromEntries(missing.map((ticker) => [ticker, ofRoot(ticker)]))).toEqual(NOT_AT_THE_SEC)
  })

  it('have one security for each ticker of the lists of the SEC', () => {
    for (const list of [listOf2025, listOf2024]) expect(new Set(list.map(symbolKey)).size).toBe(list.length)
  })
})
