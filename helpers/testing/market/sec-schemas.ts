import { z } from 'zod'

/**
 * The shape of each response kind, held against recordings of the real services and against this simulator
 * alike. Objects are strict: a field that no recording has may not be invented here, and one that a recording
 * has must be known here.
 */
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)
const day_or_empty = z.union([day, z.literal('')])
const cik_text = z.string().regex(/^\d{10}$/)
const accession = z.string().regex(/^\d{10}-\d{2}-\d{6}$/)
const flag = z.union([z.literal(0), z.literal(1)])

export const companyTickersExchange = z.strictObject({
  fields: z.tuple([z.literal('cik'), z.literal('name'), z.literal('ticker'), z.literal('exchange')]),
  data: z.array(z.tuple([z.int().positive(), z.string(), z.string().min(1), z.string().nullable()])).min(1),
})

export const companyTickers = z.record(
  z.string().regex(/^\d+$/),
  z.strictObject({ cik_str: z.int().positive(), ticker: z.string().min(1), title: z.string() }),
)

const filingColumns = z
  .strictObject({
    accessionNumber: z.array(accession),
    filingDate: z.array(day),
    reportDate: z.array(day_or_empty),
    acceptanceDateTime: z.array(z.iso.datetime()),
    act: z.array(z.string()),
    form: z.array(z.string().min(1)),
    fileNumber: z.array(z.string()),
    filmNumber: z.array(z.string()),
    items: z.array(z.string()),
    core_type: z.array(z.string()),
    size: z.array(z.int()),
    isXBRL: z.array(flag),
    isInlineXBRL: z.array(flag),
    isXBRLNumeric: z.array(flag.nullable()).nullable().optional(),
    primaryDocument: z.array(z.string()),
    primaryDocDescription: z.array(z.string()),
  })
  .refine(
    (columns) =>
      Object.values(columns).every((column) => column == null || column.length === columns.form.length),
    {
      message: 'every column has one value for each filing',
    },
  )

/** A shard of older filings: the bare columns. */
export const submissionsShard = filingColumns

const address = z.strictObject({
  street1: z.string().nullable(),
  street2: z.string().nullable(),
  city: z.string().nullable(),
  stateOrCountry: z.string().nullable(),
  zipCode: z.string().nullable(),
  stateOrCountryDescription: z.string().nullable(),
  isForeignLocation: flag.nullable().optional(),
  foreignStateTerritory: z.string().nullable().optional(),
  country: z.string().nullable().optional(),
  countryCode: z.string().nullable().optional(),
})

export const submissions = z.strictObject({
  cik: cik_text,
  entityType: z.string(),
  sic: z.string(),
  sicDescription: z.string(),
  ownerOrg: z.string().nullable(),
  insiderTransactionForOwnerExists: flag,
  insiderTransactionForIssuerExists: flag,
  name: z.string(),
  tickers: z.array(z.string()),
  exchanges: z.array(z.string().nullable()),
  ein: z.string().nullable(),
  lei: z.string().nullable(),
  description: z.string(),
  website: z.string(),
  investorWebsite: z.string(),
  category: z.string(),
  fiscalYearEnd: z.string().regex(/^\d{4}$/),
  stateOfIncorporation: z.string(),
  stateOfIncorporationDescription: z.string(),
  addresses: z.strictObject({ mailing: address, business: address }),
  phone: z.string(),
  flags: z.string(),
  formerNames: z.array(z.strictObject({ name: z.string(), from: z.iso.datetime(), to: z.iso.datetime() })),
  filings: z.strictObject({
    recent: filingColumns,
    files: z.array(
      z.strictObject({ name: z.string(), filingCount: z.int(), filingFrom: day, filingTo: day }),
    ),
  }),
})

const point = z.strictObject({
  start: day.optional(),
  end: day,
  val: z.number(),
  accn: accession,
  fy: z.int().nullable(),
  fp: z.enum(['FY', 'Q1', 'Q2', 'Q3', 'Q4']).nullable(),
  form: z.string(),
  filed: day,
  frame: z
    .string()
    .regex(/^CY\d{4}(Q[1-4]I?)?$/)
    .optional(),
})

export const companyFacts = z.strictObject({
  cik: z.union([z.int().positive(), cik_text]),
  entityName: z.string(),
  facts: z.record(
    z.string(),
    z.record(
      z.string(),
      z.strictObject({
        label: z.string().nullable(),
        description: z.string().nullable(),
        units: z.record(z.string(), z.array(point)),
      }),
    ),
  ),
})

/** The XML of a missing or forbidden object. The key is named when the object is missing. */
export const objectStoreError = z
  .string()
  .regex(
    new RegExp(
      [
        '^<\\?xml version="1\\.0" encoding="UTF-8"\\?>\n',
        '<Error><Code>(AccessDenied|NoSuchKey)</Code><Message>[^<]+</Message>(<Key>[^<]+</Key>)?',
        '<RequestId>\\w+</RequestId><HostId>[\\w+/=]+</HostId></Error>$',
      ].join(''),
    ),
  )
