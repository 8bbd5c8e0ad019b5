/** Text for people: counts with their noun, sizes, moments; and text from outside, made harmless. */
import { stripVTControlCharacters } from 'node:util'

/** `1 row`, `2,345 rows`; of a longer noun the first word counts: `2 violations of a hard check`. */
export function counted(count: number, noun: string): string {
  const [first = '', ...rest] = noun.split(' of ')
  const head = count === 1 ? first : pluralOf(first)
  return [`${thousands(count)} ${head}`, ...rest].join(' of ')
}

/** `2,345,678`. */
export const thousands = (count: number): string => count.toLocaleString('en-US')

function pluralOf(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`
  return /(s|x|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`
}

const SIZE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** `512 B`, `3.2 MB`: powers of 1000, as Dropbox and disks count. */
export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), SIZE_UNITS.length - 1)
  const value = bytes / 1000 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${SIZE_UNITS[power]}`
}

/** `2026-01-31 18:30 UTC` of an ISO time in UTC. */
export const timeText = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`

const NAMES_MAX = 10

/** Names for a person: the first ten, and how many more there are. */
export function cutList(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_MAX).join(', ')
  const more = names.length - NAMES_MAX
  return more > 0 ? `${shown} and ${more.toLocaleString('en-US')} more` : shown
}

/**
 * The same text with characters of its own. JavaScript keeps a part of a text, and a text that was put
 * together, as references: a value of ten letters may keep a chunk of 64 KB in memory.
 */
export const ownText = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le')

/** Control characters but tab and line feed, and those that turn the direction of text. */
const COMMANDING = /[^\P{Cc}\t\n]|\p{Bidi_Control}/gu

/** Text in which each of them is the replacement character. */
export const withoutCommands = (text: string): string =>
  text.toWellFormed().replaceAll('\r\n', '\n').replaceAll(COMMANDING, '\u{fffd}')

/** Text from outside as a terminal may show it: without the sequences that would command it. */
export const plainText = (text: string): string => withoutCommands(stripVTControlCharacters(text))

/** JSON in which such characters are escaped: a terminal that shows the file is not commanded by its text. */
export const plainJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    COMMANDING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Compares two texts by code unit, for `toSorted`: an order that depends on no locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
