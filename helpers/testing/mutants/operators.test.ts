/** What the mutation run changes, and what it leaves as it is. */
import { expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../config/config.ts'
import { sampleOf } from './sample.ts'
import { sqlMutations } from './sql-operators.ts'
import { type Mutation, typescriptMutations } from './typescript-operators.ts'

const applied = (text: string, mutations: readonly Mutation[]): string[] =>
  mutations.map(({ operator, start, end, replace }) => {
    return `${operator}: ${text.slice(0, start)}${replace}${text.slice(end)}`
  })

test('each operator changes TypeScript in its place, and types are left as they are', () => {
  const mutants = (text: string): string[] => applied(text, typescriptMutations(text))
  expect(mutants('x = a < b')).toEqual(['removed statement: ;', 'edge of a comparison: x = a <= b'])
  expect(mutants('const x = a === b && c')).toEqual([
    'negated equality: const x = a !== b && c',
    'and or or: const x = a === b || c',
  ])
  expect(mutants('const x: 1 | 2 = a + `b`')).toEqual([])
  expect(mutants('const x = a - 2')).toEqual([
    'arithmetic: const x = a + 2',
    'constant plus 1: const x = a - 3',
  ])
  expect(mutants('if (a) throw b')).toEqual([
    'negated condition: if (!(a)) throw b',
    'removed branch: if (false) throw b',
  ])
  expect(mutants('const x = a ? b : c')).toEqual(['negated condition: const x = !(a) ? b : c'])
  expect(mutants('const x = f(a, b).filter((c) => c)')).toEqual([
    'swapped arguments: const x = f(b, a).filter((c) => c)',
    'removed filter: const x = f(a, b)',
  ])
})

test('each operator changes SQL in its place, and comments and strings are left as they are', () => {
  const mutants = (text: string): string[] => applied(text, sqlMutations(text, false))
  expect(mutants("select '1 < 2' -- 1 < 2")).toEqual([])
  expect(mutants('where a between 1 and b')).toEqual(['constant plus 1: where a between 2 and b'])
  expect(mutants('where a <= b\n  and c is null')).toEqual([
    'edge of a comparison: where a < b\n  and c is null',
    'removed condition: where a <= b\n',
    'and or or: where a <= b\n  or c is null',
    'negated condition: where a <= b\n  and c is not null',
  ])
  expect(mutants("select coalesce(max(a), 'b')")).toEqual([
    'removed coalesce: select (max(a))',
    "least or greatest: select coalesce(min(a), 'b')",
  ])
  expect(mutants('order by a desc, b')).toEqual(['before or after: order by a, b'])
  expect(mutants('select lag(a) over (order by b) + c')).toEqual([
    'before or after: select lead(a) over (order by b) + c',
    'arithmetic: select lag(a) over (order by b) - c',
  ])
  expect(mutants('left join a on true')).toEqual(['inner join: join a on true'])
  expect(mutants('where not a.b')).toEqual(['negated condition: where a.b'])
})

test('of a migration, bodies of functions and views are changed alone', () => {
  const text = 'create table a (b integer check (b > 0));\ncreate function c() as $$ select 1 > d $$;\n'
  expect(sqlMutations(text, true).map(({ start }) => text.slice(start, start + 5))).toEqual([
    '1 > d',
    '> d $',
  ])
})

test('a sample is the same for one seed, changes something in each place', () => {
  const sample = sampleOf(ROOT_DIRECTORY, '1', 200)
  const keys = sample.map(({ file, start, operator, to }) => `${file} ${start} ${operator} ${to}`)
  expect(sampleOf(ROOT_DIRECTORY, '1', 200).map(({ start }) => start)).toEqual(
    sample.map(({ start }) => start),
  )
  expect(sampleOf(ROOT_DIRECTORY, '2', 200).map(({ start }) => start)).not.toEqual(
    sample.map(({ start }) => start),
  )
  expect(new Set(keys).size).toBe(sample.length)
  expect(sample.length).toBeGreaterThanOrEqual(200)
  expect(sample.filter(({ from, to }) => from === to)).toEqual([])
})
