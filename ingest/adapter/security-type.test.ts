import { expect, test } from 'vitest'
import { securityTypeOf } from './security-type.ts'

// Names and symbols of real directories of Nasdaq Trader.
test.for([
  ['stock', 'UNT', 'Unit Corporation Common Stock'],
  ['stock', 'PFBC', 'Preferred Bank - Common Stock'],
  ['stock', 'ABEQX', 'Warrant Technologies Inc. Class A Common Stock'],
  ['stock', 'ACN', 'Accenture plc Class A Ordinary Shares (Ireland)'],
  ['stock', 'AB', 'AllianceBernstein Holding L.P.  Units'],
  ['stock', 'MPLX', 'MPLX LP Common Units Representing Limited Partner Interests'],
  ['stock', 'MVO', 'MV Oil Trust Units of Beneficial Interests'],
  ['stock', 'PRT', 'PermRock Royalty Trust Trust Units'],
  ['stock', 'MPW', 'Medical Properties Trust, Inc. common stock'],
  ['preferred', 'ABR$D', 'Arbor Realty Trust 6.375% Series D Cumulative Redeemable Preferred Stock'],
  ['preferred', 'AAIC$B', 'Arlington Asset Investment Corp 7.00% '],
  [
    'preferred',
    'AHL$E',
    'Aspen Insurance Depositary Shares, each representing 1/1000th of a Preference Share',
  ],
  [
    'preferred',
    'MTL$',
    'Mechel PAO American Depositary Shares (each representing one-half of a Preferred Share)',
  ],
  [
    'preferred',
    'AIZP',
    'Assurant, Inc. 6.50% Series D Mandatory Convertible Preferred Stock, $1.00 par value',
  ],
  ['preferred', 'ETPR', 'Energy Transfer L.P. 7.600% Series E Perpetual Preferred Units'],
  ['preferred', 'PRIF$D', 'Priority Income Fund, Inc. 7.00% Series D Term Preferred Stock due 2029'],
  ['preferred', 'TGP$A', 'Seapeak LLC 9.00% Series A Cumulative Redeemable Preference Units'],
  [
    'preferred',
    'BIP$A',
    'Brookfield Partners LP 5.125% Class A Preferred Limited Partnership Units, Series 13',
  ],
  ['preferred', 'XYZPP', 'XYZ Bancorp - Dep Shs Repstg 1/40th Perp Pfd Ser G'],
  ['preferred', 'XYZPQ', 'XYZ Corp - 8% Series A Cumulative Pfd Stock'],
  ['note', 'ALL$B', 'Allstate Corporation 5.100% Subordinated Debentures due 2053'],
  ['note', 'AFC', 'Allied Capital Corporation 6.875% Notes due April 15, 2047'],
  ['note', 'AJXA', 'Great Ajax Corp. 7.25% Convertible Senior Notes due 2024'],
  ['note', 'VXX', 'iPath Series B S&P 500 VIX Short-Term Futures ETN'],
  [
    'unit',
    'ACIC.U',
    'Atlas Crest Units, each consisting of one Class A common stock, and one-third of one warrant',
  ],
  ['unit', 'TBMCU', 'Trailblazer Merger Corporation I - Units'],
  ['unit', 'NEE$O', 'NextEra Energy, Inc. 4.872% Corporate Units'],
  [
    'warrant',
    'ACIC.W',
    'Atlas Crest Redeemable warrants, each whole warrant exercisable for one Class A common stock',
  ],
  ['warrant', 'ALUSW', 'Alussa Technologies - Warrant'],
  ['right', 'DISTR', 'Distoken Acquisition Corporation - Right'],
  ['right', 'CELG.RT', 'Bristol-Myers Squibb Celegne Contingent Value Rights'],
  ['right', 'IROHR', 'Iron Horse Acquisitions - one right to one-fifth (1/5) of one share of common stock'],
  ['unit', 'XYZAU', 'XYZ Acquisition - Unit comprising one share of common stock and one warrant'],
  ['unit', 'XYZBU', 'XYZ Acquisition - Units, one ordinary share and one right'],
  ['warrant', 'XYZW', 'XYZ - Warrants to acquire one American Depositary Share'],
  ['adr', 'GOL', 'Gol Linhas Aereas Inteligentes S.A. Sponsored ADR representing 2 Pfd Shares'],
  ['adr', 'XYZD', 'XYZ Holdings - Depositary Shares, each representing two ordinary shares'],
  ['stock', 'ASML', 'ASML Holding N.V. - New York Registry Shares'],
  ['etf', 'IBIT', 'iShares Bitcoin Trust ETF - iShares Bitcoin Trust ETF'],
  ['adr', 'ABEV', 'Ambev S.A. American Depositary Shares (Each representing 1 Common Share)'],
  ['adr', 'BABA', 'Alibaba Group American Depositary Shares each representing eight Ordinary share'],
  ['adr', 'SOS', 'SOS Limited American Depositary Shares, 150 Class A Ordinary Shares'],
  ['warrant', 'XYZW', 'XYZ Warrants, each for one American Depositary Share'],
  ['fund', 'ACP', 'Aberdeen Income Credit Strategies Fund Common Shares'],
  ['fund', 'ADX', 'Adams Diversified Equity Fund Inc.'],
  // A bank's depositary shares are preferreds for the most part; the name does not say so.
  [null, 'FITBI', 'Fifth Third Bancorp - Depositary Shares'],
  [null, 'ALE', 'Allete, Inc.'],
  [null, 'MO', 'Altria Group, Inc.'],
  [null, 'XYZ', null],
] as const)('%s: %s, %s', ([type, ticker, name]) => {
  expect(securityTypeOf({ ticker, name, is_etf: false })).toBe(type)
})

test('the flag of an exchange makes an ETF of what is not called a note', () => {
  const typeOf = (name: string) => securityTypeOf({ ticker: 'XXXX', name, is_etf: true })
  expect(typeOf('WisdomTree Yield Enhanced U.S. Aggregate Bond Fund')).toBe('etf')
  expect(typeOf('iShares National Muni Bond ETF')).toBe('etf')
  expect(typeOf('iShares Floating Rate Notes ETF')).toBe('etf')
  expect(typeOf('ProShares Ultra Silver')).toBe('etf')
  expect(typeOf('ETRACS Monthly Pay 1.5X Leveraged Mortgage REIT ETN')).toBe('note')
})
