import fc from 'fast-check'
import { expect, test } from 'vitest'
import { statementsOf } from './sql-file.ts'

const text = fc.string({
  unit: fc.constantFrom('a', ';', '-', '/', '*', '\n', '$', '"', "'", '\\', ' ', 'é', '🎯'),
})

/** A piece of SQL that may hold semicolons which end nothing. */
const piece = fc.oneof(
  text.map((inner) => `'${inner.replaceAll("'", "''")}'`),
  text.map((inner) => `"${inner.replaceAll('"', '""')}"`),
  text.map((inner) => `e'${inner.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
  fc
    .tuple(fc.constantFrom('', 'do', 'body_1'), text)
    .map(([tag, inner]) => `$${tag}$${inner.replaceAll('$', '')}$${tag}$`),
  text.map((inner) => `/*${inner.replaceAll('*', '').replaceAll('/', '')}*/`),
  text.map((inner) => `--${inner.replaceAll('\n', '')}\n`),
  fc.constantFrom('select 1', 'a - b', 'a / b', '$1', 'x::text'),
)
const statement = fc.array(piece, { maxLength: 4 }).map((pieces) => `select ${pieces.join(' ')}`)
const blank = fc.constantFrom('', '\n', '  \n', '-- only; a comment\n', '/* one;\n two; */')

test('a file of statements is split into just those, each on the line that it begins on', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(blank, statement)), blank, (parts, tail) => {
      let sql = ''
      const lines: number[] = []
      for (const [before, each] of parts) {
        sql += before
        lines.push(sql.split('\n').length)
        sql += `${each};`
      }
      const found = statementsOf(sql + tail)
      expect(found.map(({ line }) => line)).toEqual(lines)
      expect(found.map((each) => each.text)).toEqual(parts.map(([, each]) => each))
    }),
  )
})

test('the last statement needs no semicolon, and empty ones do not count', () => {
  expect(statementsOf(';;\n;select 1;\n\n;select 2').map(({ line }) => line)).toEqual([2, 4])
  expect(statementsOf('-- nothing\n')).toEqual([])
})
