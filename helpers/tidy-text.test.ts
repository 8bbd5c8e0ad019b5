/** The house rules on text: width, SQL inside TypeScript, words. The rooms are held by tidy.test.ts. */
import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const COLUMNS_MAX = 110
const SQL_LINES_MAX = 3

interface Source {
  readonly path: string
  readonly text: string
}
const read = (patterns: string[]): Source[] =>
  globSync(patterns)
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))

const code = read(['*.ts', '.ci/*', '{phases,ingest,helpers,reports}/**/*.ts'])
const sql = read(['{migrations,phases,ingest,helpers,reports}/**/*.sql'])
const documents = read(['*.md', '{docs,phases,ingest,helpers,reports,migrations}/**/*.md'])
const isTest = (path: string): boolean => /\.test\.ts$|\/testing\//.test(path)
const product = code.filter(({ path }) => !isTest(path))

/** Lines that may be wider than 110 columns, and why. */
const WIDE: readonly { readonly what: RegExp; readonly why: string }[] = [
  { what: /^\s*\|/, why: 'a row of a Markdown table cannot be broken' },
  { what: /https?:\/\/\S{40}/, why: 'an address cannot be broken' },
]
/** Files in which lines may be wider, and why. */
const WIDE_FILES: Readonly<Record<string, string>> = {
}

test(`code, comments, SQL and documents are at most ${COLUMNS_MAX} columns wide`, () => {
  const wide = [...code, ...sql, ...documents]
    .filter(({ path }) => WIDE_FILES[path] === undefined)
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, at) => ({ line, place: `${path}:${at + 1}` }))
        .filter(({ line }) => line.length > COLUMNS_MAX && !WIDE.some(({ what }) => what.test(line)))
        .map(({ place, line }) => `${place}: ${line.length}`),
    )
  expect(wide).toEqual([])
})

/** Text in quotes that begins as a statement of SQL does. */
const STATEMENT =
  /(?<quote>[`'"])\s*(?:select|insert into|update|delete from|with|create|alter|truncate|merge into|do \$)\s(?:(?!\k<quote>)[^\\]|\\.)*\k<quote>/g

/** Files of the product that may hold longer SQL, and why. */
const SQL_FILES: Readonly<Record<string, string>> = {
}

test(`no statement of SQL inside TypeScript is longer than ${SQL_LINES_MAX} lines`, () => {
  const long = product
    .filter(({ path }) => SQL_FILES[path] === undefined)
    .flatMap(({ path, text }) =>
      [...text.matchAll(STATEMENT)]
        .map((match) => ({ line: text.slice(0, match.index).split('\n').length, lines: match[0].split('\n').length }))
        .filter(({ lines }) => lines > SQL_LINES_MAX)
        .map(({ line, lines }) => `${path}:${line}: ${lines} lines`),
    )
  expect(long).toEqual([])
})

/** Words of the glossary's "not" list, and the word to use (CONVENTIONS.md, /style). */
const WORDS: readonly { readonly not: RegExp; readonly use: string }[] = [
  { not: /\boffenders?\b/i, use: 'violation' },
  { not: /\bmend(s|ed|ing)?\b/i, use: 'repair' },
  { not: /\basks? (nobody|no one)\b/i, use: 'makes no requests' },
  { not: /\bis no (?!longer|more)\b/i, use: 'is not a' },
  { not: /\b(was|been|were) told\b|\btold twice\b/i, use: 'reported, recorded' },
  { not: /\bstands? in\b(?! for)/i, use: 'is recorded in, is stored in' },
  { not: /\bfor want of\b/i, use: 'because … is missing' },
  { not: /\bwithout a hand\b/i, use: 'automatically' },
  { not: /\bnobody(’|')s\b|\bsomebody(’|')s\b/i, use: 'the owner' },
  { not: /\bpass(es|ed)? over\b/i, use: 'skips' },
  { not: /\bis whole\b|\bare whole\b/i, use: 'intact' },
  { not: /\bput\b.*\bright\b/i, use: 'fix' },
  { not: /\bvendor('s)? drop\b|\ba drop of\b/i, use: 'delivery' },
  { not: /[«»„]/, use: '"…"' },
]
/** String literals and templates of a line or more; not comments. */
const LITERAL = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|(?<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/g

test('texts that a user sees use the words of the glossary', () => {
  const texts = [
    ...product.flatMap(({ path, text }) =>
      [...text.matchAll(LITERAL)].flatMap(({ groups, index }) =>
        groups?.['text'] === undefined
          ? []
          : [{ place: `${path}:${text.slice(0, index).split('\n').length}`, text: groups['text'] }],
      ),
    ),
    ...documents
      .filter(({ path }) => path !== 'CONVENTIONS.md')
      .flatMap(({ path, text }) => text.split('\n').map((line, at) => ({ place: `${path}:${at + 1}`, text: line }))),
  ]
  const found = texts.flatMap(({ place, text }) =>
    WORDS.filter(({ not }) => not.test(text)).map(
      ({ not, use }) => `${place}: "${not.exec(text)?.[0]}", use "${use}"`,
    ),
  )
  expect(found).toEqual([])
})
