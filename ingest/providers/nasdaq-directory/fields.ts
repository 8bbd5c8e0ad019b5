import { as, type FieldTable, ignored } from '../../adapter/fields.ts'

const OF_TRADING = ignored('a rule of trading, not of identity')

export const NASDAQ_LISTED_FIELDS: FieldTable = {
  Symbol: as('ticker'),
  'Security Name': as('name'),
  ETF: as('type'),
  'Test Issue': ignored('test issues are dropped'),
  'Market Category': OF_TRADING,
  'Financial Status': OF_TRADING,
  'Round Lot Size': OF_TRADING,
  NextShares: OF_TRADING,
}

export const OTHER_LISTED_FIELDS: FieldTable = {
  'ACT Symbol': as('ticker'),
  'Security Name': as('name'),
  Exchange: as('exchange_mic'),
  ETF: as('type'),
  'Test Issue': ignored('test issues are dropped'),
  'CQS Symbol': as('ticker'),
  'NASDAQ Symbol': as('ticker'),
  'Round Lot Size': OF_TRADING,
}
