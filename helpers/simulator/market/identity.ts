import { createHash } from 'node:crypto'

const NOUNS = [
  'Widgets',
  'Lanterns',
  'Kettles',
  'Pianos',
  'Compasses',
  'Saddles',
  'Anchors',
  'Violins',
  'Looms',
  'Bicycles',
  'Chimes',
  'Barometers',
]
const FORMS = ['Inc.', 'Corp.', 'Holdings Inc.', 'Group Ltd.']
const FUNDS = ['Broad Market', 'Small Company', 'Long Bond', 'Equal Weight']

/** Every name shows that it is simulated, so that no row of this market is taken for a real one. */
export const companyName = (number: number): string =>
  `Rehearsal ${NOUNS[number % NOUNS.length]} ${number} ${FORMS[number % FORMS.length]}`
export const fundName = (number: number): string => `Rehearsal ${FUNDS[number % FUNDS.length]} ${number} ETF`

/** 9900000001 and up: the SEC counts upwards from below two million and will not get there. */
export const cikOf = (number: number): string => String(9_900_000_000 + number)

/** `rehearsal:s0017`. */
export const sourceIdOf = (number: number): string => `rehearsal:s${String(number).padStart(4, '0')}`

/** A version 4 shaped UUID that depends on the text alone. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const digits = (from: number, to: number): string => hex.slice(from, to)
  return `${digits(0, 8)}-${digits(8, 12)}-4${digits(13, 16)}-a${digits(17, 20)}-${digits(20, 32)}`
}

/**
 * Nine characters with a valid check digit. `generation` counts the new CUSIPs that a security gets on
 * reverse splits and changes of name.
 */
export function cusipOf(number: number, generation: number): string {
  const stem = `Z${String(number).padStart(5, '0')}Q${generation % 10}`
  let sum = 0
  for (const [index, character] of [...stem].entries()) {
    const code = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 55
    const weighted = index % 2 === 1 ? code * 2 : code
    sum += Math.floor(weighted / 10) + (weighted % 10)
  }
  return `${stem}${(10 - (sum % 10)) % 10}`
}

/**
 * Hands out tickers that were never given: ZQAA, ZQAB … ZQZZ, ZXAA … Listed companies hardly use these
 * letters. Neighbours in the universe get tickers that are not neighbours, so that no test passes by order.
 */
export function createTickers(): () => string {
  let count = 0
  return () => {
    const place = (count * 245) % 676 // 245 and 676 share no factor: every pair of letters comes once.
    const stem = ['ZQ', 'ZX', 'QZ', 'XZ'][Math.floor(count / 676)]
    if (stem === undefined)
      throw new RangeError('The simulated market has no tickers left; ask for fewer securities.')
    count++
    return `${stem}${String.fromCharCode(65 + Math.floor(place / 26), 65 + (place % 26))}`
  }
}
