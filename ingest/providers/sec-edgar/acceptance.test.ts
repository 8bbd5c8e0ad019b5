import { describe, expect, test } from 'vitest'
import { acceptancesOf } from './acceptance.ts'
import type { Filing } from './parse.ts'

const filing = (acceptance: string | null, filed: string, form = '10-Q'): Filing => ({
  form,
  filed,
  acceptance,
  accession: 'a',
  file_number: null,
  report_date: null,
  items: null,
  is_xbrl: null,
  size_bytes: null,
  primary_document: null,
})
/** 16:30 in New York, written as UTC: as New York time it would be filed a day later. */
const UTC = filing('2024-05-02T20:30:00.000Z', '2024-05-02')
/** 07:00 in New York, written as such: as UTC it would be at night. */
const NEW_YORK = filing('2024-05-02T07:00:00.000Z', '2024-05-02')
/** It fits both. */
const EITHER = filing('2024-05-03T15:00:00.000Z', '2024-05-03')
const LATER_UTC = filing('2024-05-06T20:30:00.000Z', '2024-05-06')
const LATER_NEW_YORK = filing('2024-05-06T07:00:00.000Z', '2024-05-06')
const read = (...filings: Filing[]) =>
  acceptancesOf(filings).map(({ accepted_at, is_certain }) => [accepted_at?.slice(0, 16), is_certain])

describe('the moment of acceptance', () => {
  test('is UTC or New York time, as hours and filing date show', () => {
    expect(read(UTC)).toEqual([['2024-05-02T20:30', true]])
    expect(read(NEW_YORK)).toEqual([['2024-05-02T11:00', true]])
    // In winter the offset is another one.
    expect(read(filing('2024-01-09T07:00:00.000Z', '2024-01-09'))).toEqual([['2024-01-09T12:00', true]])
    // Accepted at 20:44 in New York on a Friday, filed on Monday.
    expect(read(filing('2024-05-04T00:44:00.000Z', '2024-05-06'))).toEqual([['2024-05-04T00:44', true]])
  })

  test('is read as the filings before and after it show, where its own text fits both', () => {
    expect(read(UTC, EITHER, LATER_UTC)[1]).toEqual(['2024-05-03T15:00', true])
    expect(read(NEW_YORK, EITHER, LATER_NEW_YORK)[1]).toEqual(['2024-05-03T19:00', true])
    // The order of the list does not count.
    expect(read(LATER_UTC, UTC, EITHER)[2]).toEqual(['2024-05-03T15:00', true])
  })

  test('is the later one, and not certain, where nothing decides', () => {
    const later = ['2024-05-03T19:00', false]
    expect(read(EITHER)).toEqual([later])
    expect(read(UTC, EITHER)[1]).toEqual(later)
    expect(read(EITHER, LATER_UTC)[0]).toEqual(later)
    expect(read(UTC, EITHER, LATER_NEW_YORK)[1]).toEqual(later)
    // A report of an insider is filed on the same day until 22:00.
    expect(read(filing('2024-05-02T20:30:00.000Z', '2024-05-02', '4'))).toEqual([['2024-05-03T00:30', false]])
  })

  test('is null where the SEC states none', () => {
    expect(acceptancesOf([filing(null, '2024-05-02'), filing('soon', '2024-05-02')])).toEqual([
      { accepted_at: null, is_certain: null },
      { accepted_at: null, is_certain: null },
    ])
  })
})
