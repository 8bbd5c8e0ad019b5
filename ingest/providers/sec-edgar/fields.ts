import { as, type FieldTable, ignored } from '../../adapter/fields.ts'

/** company_tickers_exchange.json: one row of `data`, by the names in `fields`. */
export const TICKER_FIELDS: FieldTable = {
  cik: as('cik'),
  name: as('name'),
  ticker: as('ticker'),
  exchange: as('exchange_mic'),
}

export const COMPANY_FACTS_FIELDS: FieldTable = {
  cik: as('cik'),
  entityName: ignored('the name is read from the list of securities'),
  facts: as('taxonomy'),
}
export const CONCEPT_FIELDS: FieldTable = {
  label: ignored('documentation of the tag, the same for every filer'),
  description: ignored('documentation of the tag, the same for every filer'),
  units: as('unit'),
}
export const FACT_FIELDS: FieldTable = {
  start: as('period_start'),
  end: as('period_end'),
  val: as('value'),
  accn: as('accession'),
  fy: as('fiscal_year'),
  fp: as('fiscal_period'),
  form: as('form'),
  filed: as('filed'),
  frame: as('frame'),
}

const ABOUT_FILER = ignored('about the filer, not about a security')
export const SUBMISSIONS_FIELDS: FieldTable = {
  cik: as('cik'),
  name: as('name'),
  tickers: as('ticker'),
  exchanges: as('exchange_mic'),
  filings: as('form'),
  entityType: ABOUT_FILER,
  sic: as('sic'),
  sicDescription: ABOUT_FILER,
  ownerOrg: ABOUT_FILER,
  insiderTransactionForOwnerExists: ABOUT_FILER,
  insiderTransactionForIssuerExists: ABOUT_FILER,
  ein: ABOUT_FILER,
  lei: ABOUT_FILER,
  description: ABOUT_FILER,
  website: ABOUT_FILER,
  investorWebsite: ABOUT_FILER,
  category: ABOUT_FILER,
  fiscalYearEnd: ABOUT_FILER,
  stateOfIncorporation: ABOUT_FILER,
  stateOfIncorporationDescription: ABOUT_FILER,
  addresses: ABOUT_FILER,
  phone: ABOUT_FILER,
  flags: ABOUT_FILER,
  formerNames: ignored('names, not tickers; their days are those of filings, not of the change'),
}

const OF_DOCUMENT = ignored('about the document, not about what it reports')
/** The columns of `filings.recent`, and of a shard. */
export const FILING_FIELDS: FieldTable = {
  accessionNumber: as('accession'),
  filingDate: as('ex_date'),
  form: as('form'),
  fileNumber: as('file_number'),
  reportDate: as('report_date'),
  acceptanceDateTime: as('accepted_at'),
  act: OF_DOCUMENT,
  filmNumber: OF_DOCUMENT,
  items: as('items'),
  core_type: OF_DOCUMENT,
  size: as('size_bytes'),
  isXBRL: as('is_xbrl'),
  isInlineXBRL: OF_DOCUMENT,
  isXBRLNumeric: OF_DOCUMENT,
  primaryDocument: as('primary_document'),
  primaryDocDescription: OF_DOCUMENT,
}
export const SHARD_FIELDS: FieldTable = {
  name: as('file'),
  filingCount: ignored('counted by reading the shard'),
  filingFrom: ignored('the rows carry their days'),
  filingTo: ignored('the rows carry their days'),
}
