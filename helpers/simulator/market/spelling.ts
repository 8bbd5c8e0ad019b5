/** Who writes a symbol: the SEC, the three columns of the symbol directory. */
export type Spelling = 'sec' | 'act' | 'cqs' | 'nasdaq'

type Kind = 'PR' | 'WS' | 'U' | 'RT'

/** What each writes between the root and the series. The table is the simulator's own: it tests the product's. */
const MARKS: Readonly<Record<Spelling, Readonly<Record<Kind, string>>>> = {
  sec: { PR: '-P', WS: '-WT', U: '-UN', RT: '-RI' },
  act: { PR: '$', WS: '.W', U: '.U', RT: '.R' },
  cqs: { PR: 'p', WS: '.WS', U: '.U', RT: 'r' },
  nasdaq: { PR: '-', WS: '+', U: '=', RT: '^' },
}

/** A ticker as the broker writes it (ABC, ABC.A, ABC.PRA, ABC.WS, ABC.U, ABC.RT) in another notation. */
export function spell(ticker: string, spelling: Spelling): string {
  const [, root, kind, series = ''] = /^([A-Z]+)\.(PR|WS|U|RT)([A-Z]?)$/.exec(ticker) ?? []
  if (kind !== undefined) return `${root}${MARKS[spelling][kind as Kind]}${series}`
  return spelling === 'sec' ? ticker.replace('.', '-') : ticker
}
