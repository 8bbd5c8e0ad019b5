import { as, type FieldTable, ignored } from '../../adapter/fields.ts'

export const RESULT_FIELDS: FieldTable = {
  meta: as('currency'),
  timestamp: as('date'),
  events: as('kind'),
  indicators: as('close'),
}
export const INDICATOR_FIELDS: FieldTable = {
  quote: as('close'),
  adjclose: ignored('adjusted for dividends: ours is computed from the actions'),
}
export const QUOTE_FIELDS: FieldTable = {
  open: as('open'),
  high: as('high'),
  low: as('low'),
  close: as('close'),
  volume: as('volume'),
}
export const EVENT_FIELDS: FieldTable = {
  dividends: as('cash_amount'),
  splits: as('split_to'),
  capitalGains: as('cash_amount'),
  earnings: ignored('not asked for'),
}
export const DIVIDEND_FIELDS: FieldTable = { amount: as('cash_amount'), date: as('ex_date') }
export const SPLIT_FIELDS: FieldTable = {
  date: as('ex_date'),
  numerator: as('split_to'),
  denominator: as('split_from'),
  splitRatio: ignored('the same ratio as text'),
}

const NOW = ignored('about the moment of the request')
const LABEL = ignored('a label')
export const META_FIELDS: FieldTable = {
  currency: as('currency'),
  symbol: as('ticker'),
  exchangeTimezoneName: as('date'),
  exchangeName: LABEL,
  fullExchangeName: LABEL,
  instrumentType: LABEL,
  longName: LABEL,
  shortName: LABEL,
  gmtoffset: ignored('of today; each row is converted by the name of its time zone'),
  timezone: ignored('of today; each row is converted by the name of its time zone'),
  firstTradeDate: ignored('of the symbol, which may have had another owner'),
  hasPrePostMarketData: LABEL,
  priceHint: LABEL,
  dataGranularity: ignored('asked for'),
  range: ignored('asked for'),
  validRanges: LABEL,
  currentTradingPeriod: NOW,
  chartPreviousClose: NOW,
  previousClose: NOW,
  regularMarketTime: NOW,
  regularMarketPrice: NOW,
  regularMarketDayHigh: NOW,
  regularMarketDayLow: NOW,
  regularMarketVolume: NOW,
  fiftyTwoWeekHigh: NOW,
  fiftyTwoWeekLow: NOW,
  scale: NOW,
  tradingPeriods: NOW,
}
