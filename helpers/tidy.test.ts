/** The house rules that a reviewer should not have to remember. The idea is TigerBeetle's `tidy.zig`. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LONG_FILES } from './checklist/sequencer.ts'

const LINES_MAX = 350

const slashed = (path: string): string => path.replaceAll('\\', '/')
const sources = globSync([
  '*.ts',
  'phases/**/*.ts',
  'ingest/**/*.ts',
  'helpers/**/*.ts',
  'reports/**/*.ts',
]).map((path) => ({
  path: slashed(path),
  text: readFileSync(path, 'utf8'),
}))
/** Tests, and what only tests use. */
const isTest = (path: string): boolean => /\.test\.ts$|\/testing(\.ts$|\/)/.test(path)
const product = sources.filter(({ path }) => !isTest(path))
const migrations = globSync('migrations/*.sql')
  .toSorted()
  .map((path) => ({ path: slashed(path), text: readFileSync(path, 'utf8') }))

/** A statement that creates a schema object: its kind and its name. */
const OBJECTS = 'table|view|function|aggregate|index|trigger|type|schema|extension'
const CREATED = new RegExp(
  `^create (?:or replace )?(?:unique )?(${OBJECTS}) (?:if not exists )?([\\w.]+)`,
  'gim',
)

/** What a file imports: project paths for relative imports, package names else. */
const importsOf = ({ path, text }: { path: string; text: string }): string[] =>
  [...text.matchAll(/(?:from |import |import\()'([^']+)'/g)].map(([, from = '']) =>
    from.startsWith('.') ? slashed(normalize(join(dirname(path), from))) : from,
  )

/**
 * The rooms of the house, storey by storey from the ground. A file imports from its own room, and from rooms
 * below its storey. A room is a folder; one that ends in `*` is each folder below it by itself, one that ends
 * in `.ts` is a file.
 */
const STOREYS: readonly (readonly string[])[] = [
  ['helpers/core'],
  ['helpers/config'],
  ['helpers/postgres'],
  ['helpers/database'],
  ['helpers/simulator'],
  ['helpers/remote'],
  ['helpers/backup'],
  ['helpers/drills'],
  ['helpers/checklist'],
  ['reports'],
  ['ingest/archive', 'ingest/calendar', 'ingest/universe'],
  ['ingest/contract'],
  ['ingest/http'],
  ['ingest/adapter'],
  ['ingest/providers/*'],
  ['ingest/providers'],
  ['ingest/pipeline'],
  ['ingest'],
  ['ingest/validation', 'ingest/second-source', 'ingest/provider-change', 'ingest/rebuild', 'ingest/export'],
  ['ingest/bench'],
  ['ingest/commands'],
  ['ingest/run.ts'],
  ['phases'],
  ['vitest.config.ts'],
]

/** The room of a file: the one that names it most closely. */
function roomOf(path: string): string | undefined {
  const folder = dirname(path)
  const rooms = STOREYS.flat()
  if (rooms.includes(path)) return path
  for (let at = folder; at !== '.'; at = dirname(at)) {
    if (rooms.includes(at)) return at
    if (rooms.includes(`${dirname(at)}/*`)) return `${dirname(at)}/*`
  }
  return undefined
}
const storeyOf = (path: string): number =>
  STOREYS.findIndex((rooms) => rooms.some((room) => room === roomOf(path)))

/** Groups of names that reach each other (strongly connected components of more than one; Tarjan 1972). */
function circlesOf(graph: ReadonlyMap<string, Iterable<string>>): string[][] {
  const found: string[][] = []
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const visit = (name: string): void => {
    index.set(name, index.size)
    low.set(name, index.size - 1)
    stack.push(name)
    for (const next of graph.get(name) ?? []) {
      if (!graph.has(next)) continue
      if (!index.has(next)) visit(next)
      if (stack.includes(next)) low.set(name, Math.min(low.get(name) ?? 0, low.get(next) ?? 0))
    }
    if (low.get(name) !== index.get(name)) return
    const circle = stack.splice(stack.indexOf(name))
    if (circle.length > 1) found.push(circle.toSorted())
  }
  for (const name of graph.keys()) if (!index.has(name)) visit(name)
  return found
}

describe('tidy', () => {
  test('there are sources to look at', () => {
    expect(product.length).toBeGreaterThan(20)
    expect(migrations.length).toBeGreaterThan(5)
  })

  test(`no source file is longer than ${LINES_MAX} lines`, () => {
    const long = sources
      .filter(({ text }) => text.split('\n').length > LINES_MAX + 1)
      .map(({ path, text }) => `${path}: ${text.split('\n').length}`)
    expect(long).toEqual([])
  })

  test('imports only go down: no room imports a room above it', () => {
    const upward = product.flatMap((source) =>
      importsOf(source)
        .filter((to) => to.endsWith('.ts') && storeyOf(to) > storeyOf(source.path))
        .map((to) => `${source.path} (${roomOf(source.path)}) imports ${to} (${roomOf(to)})`),
    )
    expect(upward).toEqual([])
  })

  test('every file is in a room, and every room has a file', () => {
    const roomless = product.filter(({ path }) => roomOf(path) === undefined).map(({ path }) => path)
    expect(roomless).toEqual([])
    const rooms = new Set(product.map(({ path }) => roomOf(path)))
    expect(STOREYS.flat().filter((room) => !rooms.has(room))).toEqual([])
  })

  test('the picture of the architecture page is the list of storeys', () => {
    const storeys = STOREYS.map((rooms, at) => `  s${at}["${rooms.join(' · ')}"]`).toReversed()
    const steps = STOREYS.slice(1).map((_, at) => `  s${at + 1} --> s${at}`)
    const picture = ['```mermaid', 'flowchart TB', ...storeys, ...steps.toReversed(), '```'].join('\n')
    expect(readFileSync('docs/architecture.md', 'utf8')).toContain(picture)
  })

  test('no files import each other in a circle', () => {
    expect(circlesOf(new Map(product.map((source) => [source.path, importsOf(source)])))).toEqual([])
  })

  test('no rooms import each other in a circle', () => {
    const rooms = new Map<string, Set<string>>()
    for (const source of product) {
      const from = roomOf(source.path) ?? source.path
      const into = rooms.get(from) ?? new Set()
      rooms.set(from, into)
      for (const to of importsOf(source)) {
        const room = roomOf(to)
        if (room !== undefined && room !== from) into.add(room)
      }
    }
    expect(circlesOf(rooms)).toEqual([])
  })

  test('the product imports nothing that only tests use', () => {
    const borrowing = product.flatMap((source) =>
      importsOf(source)
        .filter((to) => to.endsWith('.ts') && isTest(to))
        .map((to) => `${source.path} imports ${to}`),
    )
    expect(borrowing).toEqual([])
  })

  test('jobs do not import jobs', () => {
    const jobs = product.filter(
      ({ path }) => /^ingest\/[a-z-]+\.ts$/.test(path) && !/\/(run|jobs)\.ts$/.test(path),
    )
    expect(jobs.length).toBe(7)
    const between = jobs
      .filter((job) => importsOf(job).some((from) => jobs.some(({ path }) => path === from)))
      .map(({ path }) => path)
    expect(between).toEqual([])
  })

  test('only a provider’s folder knows that provider', () => {
    const folderOf = (path: string): string | undefined => /^ingest\/providers\/([^/]+)\//.exec(path)?.[1]
    const across = product.flatMap((source) => {
      const own = folderOf(source.path)
      const others = importsOf(source).filter(
        (to) => own !== undefined && ![undefined, own].includes(folderOf(to)),
      )
      return others.map((to) => `${source.path} imports ${to}`)
    })
    expect(across).toEqual([])
    const outside = product.filter(({ path }) => !path.startsWith('ingest/providers/'))
    const knowing = outside
      .filter((source) => importsOf(source).some((from) => /^ingest\/providers\/[^/]+\//.test(from)))
      .map(({ path }) => path)
    expect(knowing).toEqual([])
  })

  test('the simulated market shares no code with the product, which imports only its two entries', () => {
    const simulator = 'helpers/simulator/'
    const isMarket = (path: string): boolean => /^helpers\/simulator\/(market|servers)\//.test(path)
    const imports = product.filter(({ path }) => isMarket(path)).flatMap(importsOf)
    expect(imports.length).toBeGreaterThan(20)
    const borrowed = imports.filter((from) => from.endsWith('.ts') && !isMarket(from))
    expect(borrowed, 'what is expected must not come from the code that is checked').toEqual([])
    const entrances = new Set(
      product
        .filter(({ path }) => !path.startsWith(simulator))
        .flatMap((source) => importsOf(source).filter((from) => from.startsWith(simulator))),
    )
    expect([...entrances].toSorted()).toEqual([
      'helpers/simulator/dropbox/server.ts',
      'helpers/simulator/rehearsal.ts',
    ])
  })

  test('only helpers/config/config.ts and children.ts use the environment', () => {
    const readers = product.filter(({ text }) => /process\.env\b/.test(text)).map(({ path }) => path)
    expect(readers).toEqual(['helpers/config/children.ts', 'helpers/config/config.ts'])
  })

  test('only the checklist knows vitest', () => {
    const knowing = product
      .filter((source) => importsOf(source).some((from) => /^vitest/.test(from)))
      .map(({ path }) => path)
    expect(
      knowing.filter((path) => !/^(helpers\/checklist|phases)\/|^vitest\.config\.ts$/.test(path)),
    ).toEqual([])
  })

  test('no child is started through a shell', () => {
    const shelled = product
      .filter(({ text }) => /shell:\s*true|\bexecSync\(|\bexec\(\s*[`'"]/.test(text))
      .map(({ path }) => path)
    expect(shelled).toEqual([])
  })

  test('tests stand beside their subject, and "phases" names nothing else', () => {
    const tests = sources.filter(({ path }) => path.endsWith('.test.ts')).map(({ path }) => path)
    expect(tests.filter((path) => path.includes('phases') && !path.startsWith('phases/'))).toEqual([])
    expect(tests.filter((path) => !/^(phases|ingest|helpers|reports)\//.test(path))).toEqual([])
  })

  test('every exported value is used in another file', () => {
    const exported = /^export (?:async )?(?:function\*?|const|class|let) (\w+)/gm
    const words = sources.map(({ path, text }) => ({ path, words: new Set(text.match(/\w+/g)) }))
    const unused = sources.flatMap(({ path, text }) =>
      [...text.matchAll(exported)]
        .map(([, name = '']) => name)
        .filter((name) => !words.some((other) => other.path !== path && other.words.has(name)))
        .map((name) => `${path}: ${name}`),
    )
    expect(unused).toEqual([])
  })

  test('the test files that start first exist', () => {
    expect(LONG_FILES.filter((path) => !existsSync(path))).toEqual([])
  })

  test('migrations hold no binary float and qualify what they create', () => {
    const code = migrations.map(({ path, text }) => ({ path, text: text.replace(/--.*$/gm, '') }))
    expect(
      code.filter(({ text }) => /\b(real|double precision|float[48]?)\b/i.test(text)).map(({ path }) => path),
    ).toEqual([])
    const unqualified = new RegExp(
      '^\\s*create (?:or replace )?(?:unlogged )?(table|view|materialized view|function) ' +
        '(?!if not exists)([a-z_]+)[ (\\n]',
      'gim',
    )
    const bare = code.flatMap(({ path, text }) =>
      [...text.matchAll(unqualified)].map(([, kind, name]) => `${path}: ${kind} ${name}`),
    )
    expect(bare).toEqual([])
  })

  test('every schema object is created in one migration, in its final form', () => {
    // Until the first tag. After it, a change is a new migration (migrations/README.md), and this test holds
    // for the files of the first tag.
    const places = new Map<string, string[]>()
    for (const { path, text } of migrations) {
      const code = text.replace(/--.*$/gm, '')
      for (const [, kind = '', name = ''] of code.matchAll(CREATED))
        places.set(`${kind} ${name}`, [...(places.get(`${kind} ${name}`) ?? []), path])
      for (const [statement] of code.matchAll(/^(alter|drop|truncate|update|delete)\b.*$/gim))
        places.set(`${path}: ${statement}`, [path, 'a later change of an object'])
    }
    expect(places.size).toBeGreaterThan(60)
    expect([...places].filter(([, files]) => files.length !== 1)).toEqual([])
  })

  test('no file names a machine’s path or a registry’s host', () => {
    const named = [...sources, ...migrations].filter(({ text }) =>
      /registry\.npmjs|\/(root|home)\/[a-z]+\/|node_modules\/\.cache/.test(text),
    )
    expect(named.map(({ path }) => path)).toEqual([])
  })
})
