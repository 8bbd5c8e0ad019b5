import { lastTicker } from '../market/flat-files.ts'
import { spell } from '../market/spelling.ts'
import type { Security, World } from '../market/types.ts'
import { type Answer, type Asked, html, text } from './answer.ts'

const NASDAQ_COLUMNS =
  'Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares'
const OTHER_COLUMNS =
  'ACT Symbol|Security Name|Exchange|CQS Symbol|ETF|Round Lot Size|Test Issue|NASDAQ Symbol'

/**
 * The two symbol directories of Nasdaq Trader, as of the evening of the world's last session. They know
 * listed securities alone.
 */
export function createNasdaqFeed(world: World): (asked: Asked) => Answer {
  const listed = [...world.securities, ...world.outsiders].filter((security) => security.delist_date === null)
  const [year, month, day] = world.end_date.split('-')
  const created = `File Creation Time: ${month}${day}${year}21:31`
  const file = (columns: string, rows: readonly string[]): Answer => {
    const last = `${created}${'|'.repeat(columns.split('|').length - 1)}`
    return text(200, `${[columns, ...rows.toSorted(), last].join('\r\n')}\r\n`)
  }

  return ({ path }) => {
    if (path === '/dynamic/symdir/nasdaqlisted.txt') {
      const rows = listed.filter((security) => security.exchange_mic === 'XNAS').map(nasdaqRow)
      return file(NASDAQ_COLUMNS, [...rows, 'ZVZZT|NASDAQ TEST STOCK|G|Y|N|100|N|N'])
    }
    if (path === '/dynamic/symdir/otherlisted.txt') {
      const rows = listed.filter((security) => security.exchange_mic !== 'XNAS').map(otherRow)
      return file(OTHER_COLUMNS, [...rows, 'ZTEST|NYSE TEST ISSUE|N|ZTEST|N|100|Y|ZTEST'])
    }
    return html(
      404,
      '404 - File or directory not found.',
      'The resource you are looking for might have been removed.',
    )
  }
}

const isFund = (security: Security): boolean => security.security_type === 'etf'
const flag = (security: Security): 'Y' | 'N' => (isFund(security) ? 'Y' : 'N')

function nasdaqRow(security: Security): string {
  const name = security.security_type === 'stock' ? `${security.name} - Common Stock` : security.name
  return `${spell(lastTicker(security), 'cqs')}|${name}|Q|N|N|100|${flag(security)}|N`
}

function otherRow(security: Security): string {
  const ticker = lastTicker(security)
  const exchange = security.exchange_mic === 'ARCX' ? 'P' : 'N'
  const name = security.security_type === 'stock' ? `${security.name} Common Stock` : security.name
  const [act, cqs, nasdaq] = (['act', 'cqs', 'nasdaq'] as const).map((notation) => spell(ticker, notation))
  return `${act}|${name}|${exchange}|${cqs}|${flag(security)}|100|N|${nasdaq}`
}
