/** The house rules on text: width, SQL inside TypeScript, words. The rooms are held by tidy.test.ts. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
    .filter((path) => !/^reports\/(runs|latest|ledger)\//.test(path)) // Written by runs of the checklist.
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
  { what: /^\s*\/.+\/[gimsu]*,?$/, why: 'a regular expression alone on its line cannot be broken' },
  { what: /`pg_dump --format=custom --compress=9/, why: 'a box in the words of the original checklist' },
]
/** Files in which lines may be wider, and why. */
const WIDE_FILES: Readonly<Record<string, string>> = {
  'helpers/simulator/servers/sec.ts': 'pages of the SEC, word for word',
  'helpers/simulator/servers/answer.ts': 'error bodies of real servers, byte for byte',
  'helpers/simulator/dropbox/request.ts': 'messages of Dropbox, word for word',
  'ingest/testing/providers/notices.ts': 'notices of providers, word for word',
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

/** Comments, and string literals and templates (`text`). */
const LITERAL =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|(?<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/g
/** Every string literal and template of a source, with its place. */
const literalsOf = ({ path, text: source }: Source): { place: string; text: string }[] =>
  [...source.matchAll(LITERAL)].flatMap(({ groups, index }) => {
    const text = groups?.['text']
    return text === undefined ? [] : [{ place: `${path}:${source.slice(0, index).split('\n').length}`, text }]
  })
const STATEMENT =
  /^.\s*(?:select|insert into|update|delete from|with|create|alter|truncate|merge into|do \$)\s/

test(`no statement of SQL inside TypeScript is longer than ${SQL_LINES_MAX} lines`, () => {
  const long = product
    .flatMap(literalsOf)
    .map(({ place, text }) => ({ place, text, lines_count: text.trim().split('\n').length }))
    .filter(({ text, lines_count }) => STATEMENT.test(text) && lines_count > SQL_LINES_MAX)
    .map(({ place, lines_count }) => `${place}: ${lines_count} lines`)
  expect(long).toEqual([])
})

/** Forms that hide what a statement does, and what to write. */
const FORMS: readonly { readonly what: RegExp; readonly why: string }[] = [
  {
    what: /^ *(?:const|let) \[(?![^\n]*\.\.\.)[^\]\n]*\] = \[/gm,
    why: 'a tuple that is made only to be destructured: one declaration a value',
  },
  { what: /(['"`])[^'"`\n]+\1\s*\.split\(/g, why: 'a list as a split string: an array' },
]
test('values are declared one by one, and lists are arrays', () => {
  const found = code.flatMap(({ path, text }) =>
    FORMS.flatMap(({ what, why }) =>
      [...text.matchAll(what)].map(
        ({ index }) => `${path}:${text.slice(0, index).split('\n').length}: ${why}`,
      ),
    ),
  )
  expect(found).toEqual([])
})

/** Words of the glossary's "not" list, and the word to use (CONVENTIONS.md). */
const WORDS: readonly { readonly not: RegExp; readonly use: string }[] = [
  { not: /\boffenders?\b/i, use: 'violation' },
  { not: /\bmend(s|ed|ing)?\b/i, use: 'repair' },
  { not: /\basks? (nobody|no one)\b/i, use: 'makes no requests' },
  { not: /(?<!\bthere )\bis no (?!longer|more)/i, use: 'is not a' },
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
test('texts that a user sees use the words of the glossary', () => {
  const texts = [
    ...product.flatMap(literalsOf),
    ...documents
      .filter(({ path }) => path !== 'CONVENTIONS.md')
      .flatMap(({ path, text }) =>
        text.split('\n').map((line, at) => ({ place: `${path}:${at + 1}`, text: line })),
      ),
  ]
  const found = texts.flatMap(({ place, text }) =>
    WORDS.filter(({ not }) => not.test(text)).map(
      ({ not, use }) => `${place}: "${not.exec(text)?.[0]}", use "${use}"`,
    ),
  )
  expect(found).toEqual([])
})

test('the documents name only scripts, folders and files that exist', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  const missing = documents.flatMap(({ path, text }) => {
    const named = [...text.matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)].map(([, name = '']) => name)
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, to = '']) =>
      join(dirname(path), to),
    )
    return [
      ...named.filter((name) => scripts[name] === undefined).map((name) => `${path}: npm run ${name}`),
      ...links.filter((to) => !existsSync(to)).map((to) => `${path}: ${to}`),
    ]
  })
  expect(missing).toEqual([])
})
