import type { Mutation } from './typescript-operators.ts'

/** What a token of SQL is replaced with. Words are whole words, in lower case as this project writes them. */
const TOKENS: readonly (readonly [operator: string, token: RegExp, replace: string])[] = [
  ['edge of a comparison', /(?<= )<(?= )/g, '<='],
  ['edge of a comparison', /(?<= )<=(?= )/g, '<'],
  ['edge of a comparison', /(?<= )>(?= )/g, '>='],
  ['edge of a comparison', /(?<= )>=(?= )/g, '>'],
  ['negated equality', /(?<= )=(?= )/g, '<>'],
  ['negated equality', /(?<= )<>(?= )/g, '='],
  ['and or or', /(?<!between [^\n]{1,60})\band\b/g, 'or'],
  ['and or or', /\bor\b/g, 'and'],
  ['least or greatest', /\bmin(?=\()/g, 'max'],
  ['least or greatest', /\bmax(?=\()/g, 'min'],
  ['least or greatest', /\bleast(?=\()/g, 'greatest'],
  ['least or greatest', /\bgreatest(?=\()/g, 'least'],
  ['before or after', /\blead(?=\()/g, 'lag'],
  ['before or after', /\blag(?=\()/g, 'lead'],
  ['before or after', /(?<=\w) desc(?=[,)\s])/g, ''],
  ['arithmetic', /(?<=[\w)'] )\+(?= [\w(])/g, '-'],
  ['arithmetic', /(?<=[\w)'] )-(?= [\w(])/g, '+'],
  ['arithmetic', /(?<=[\w)'] )\*(?= [\w(])/g, '/'],
  ['arithmetic', /(?<=[\w)'] )\/(?= [\w(])/g, '*'],
  ['negated condition', /\bis not null\b/g, 'is null'],
  ['negated condition', /\bis null\b/g, 'is not null'],
  ['negated condition', /\bnot (?=exists|\w+\.)/g, ''],
  ['inner join', /\bleft join\b/g, 'join'],
]
const INTEGER = /(?<![\w.$'])\d+(?![\w.'])/g
/** A condition that is alone on its line. */
const CONDITION = /^ *(?:and|or) .+$/gm
/** Bodies of functions and views: the statements of a migration in which a fault is a fault of a result. */
const BODIES = /\$\$.*?\$\$|^create (?:or replace )?view .*?;$/gms

/** The same text, with comments, strings and quoted names as blanks: characters keep their places. */
function codeOf(text: string): string {
  return text.replace(/--[^\n]*|\/\*.*?\*\/|'(?:[^']|'')*'|"[^"]*"/gs, (piece) =>
    /^['"]/.test(piece) ? `'${'_'.repeat(piece.length - 2)}'` : piece.replace(/[^\n]/g, ' '),
  )
}

const isBalanced = (text: string): boolean => {
  let open = 0
  for (const letter of text) {
    if (letter === '(') open += 1
    if (letter === ')') open -= 1
    if (open < 0) return false
  }
  return open === 0
}

/**
 * The mutations of a text of SQL, in the order of their places: all of a query, and of a migration those in
 * the bodies of its functions and views.
 */
export function sqlMutations(text: string, isMigration: boolean): Mutation[] {
  const code = codeOf(text)
  const bodies = [...code.matchAll(BODIES)].map(({ index, 0: body }) => [index, index + body.length] as const)
  const isInside = ({ start }: Mutation): boolean =>
    !isMigration || bodies.some(([from, to]) => start > from && start < to)
  return [...ofTokens(code), ...ofIntegers(code), ...ofConditions(code), ...ofCoalesce(code, text)]
    .filter(isInside)
    .toSorted((a, b) => a.start - b.start || a.end - b.end || (a.operator < b.operator ? -1 : 1))
}

const ofTokens = (code: string): Mutation[] =>
  TOKENS.flatMap(([operator, token, replace]) =>
    [...code.matchAll(token)].map(({ index, 0: found }) => ({
      operator,
      start: index,
      end: index + found.length,
      replace,
    })),
  )

const ofIntegers = (code: string): Mutation[] =>
  [...code.matchAll(INTEGER)].map(({ index, 0: found }) => ({
    operator: 'constant plus 1',
    start: index,
    end: index + found.length,
    replace: String(Number(found) + 1),
  }))

const ofConditions = (code: string): Mutation[] =>
  [...code.matchAll(CONDITION)]
    .filter(({ 0: line }) => isBalanced(line))
    .map(({ index, 0: line }) => ({
      operator: 'removed condition',
      start: index,
      end: index + line.length,
      replace: '',
    }))

/** `coalesce(a, b)` becomes `(a)`. */
function ofCoalesce(code: string, text: string): Mutation[] {
  return [...code.matchAll(/\bcoalesce\(/g)].flatMap(({ index, 0: name }) => {
    const from = index + name.length
    let first_end: number | undefined
    let depth = 1
    for (let at = from; at < code.length; at += 1) {
      if (code[at] === '(') depth += 1
      if (code[at] === ')') depth -= 1
      if (code[at] === ',' && depth === 1) first_end ??= at
      if (depth > 0) continue
      const first = text.slice(from, first_end ?? at)
      return [{ operator: 'removed coalesce', start: index, end: at + 1, replace: `(${first})` }]
    }
    return []
  })
}
