/** The house rules that a reviewer should not have to remember. The idea is TigerBeetle's `tidy.zig`. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const LINES_MAX = 250

const slashed = (path: string): string => path.replaceAll('\\', '/')
const sources = globSync(['*.ts', 'phases/**/*.ts', 'ingest/**/*.ts', 'helpers/**/*.ts', 'reports/**/*.ts']).map((path) => ({
  path: slashed(path),
  text: readFileSync(path, 'utf8'),
}))
/** Tests, and what only tests use. */
const isTest = (path: string): boolean => /\.test\.ts$|\/testing(\.ts$|\/)/.test(path)
const product = sources.filter(({ path }) => !isTest(path))
const migrations = globSync('migrations/*.sql')
  .toSorted()
  .map((path) => ({ path: slashed(path), text: readFileSync(path, 'utf8') }))

/** What a file imports: project paths for relative imports, package names else. */
const importsOf = ({ path, text }: { path: string; text: string }): string[] =>
  [...text.matchAll(/(?:from|import) '([^']+)'/g)].map(([, from = '']) =>
    from.startsWith('.') ? slashed(normalize(join(dirname(path), from))) : from,
  )

/** Paths of the files that stand in `folder` and import something that `forbidden` matches. */
const importers = (folder: string, forbidden: RegExp): string[] =>
  product
    .filter((source) => source.path.startsWith(folder) && importsOf(source).some((from) => forbidden.test(from)))
    .map(({ path }) => path)

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

  test('imports run down the house: phases → ingest → helpers', () => {
    expect(importers('helpers/', /^(ingest|phases)\//), 'helpers know nobody above them').toEqual([])
    expect(importers('ingest/', /^phases\/|^helpers\/checklist\//), 'ingest does not know the checklist').toEqual([])
    expect(importers('reports/', /^(ingest|phases)\//), 'reports know the evidence alone').toEqual([])
  })

  test('jobs do not import jobs', () => {
    const jobs = product.filter(({ path }) => /^ingest\/[a-z-]+\.ts$/.test(path) && !/\/(run|jobs)\.ts$/.test(path))
    expect(jobs.length).toBe(7)
    const between = jobs.filter((job) => importsOf(job).some((from) => jobs.some(({ path }) => path === from))).map(({ path }) => path)
    expect(between).toEqual([])
  })

  test('only a provider’s folder knows that provider', () => {
    const outside = product.filter(({ path }) => !path.startsWith('ingest/providers/'))
    const knowing = outside
      .filter((source) => importsOf(source).some((from) => /^ingest\/providers\/[^/]+\//.test(from)))
      .map(({ path }) => path)
    expect(knowing).toEqual([])
  })

  test('the truth of the simulated market shares no code with the product, and the product sees only its servers', () => {
    const market = 'helpers/rehearsal/market/'
    const imports = sources.filter(({ path }) => path.startsWith(market) && !isTest(path)).flatMap(importsOf)
    expect(imports.length).toBeGreaterThan(20)
    const borrowed = imports.filter((from) => /^(helpers|ingest|phases|reports)\//.test(from) && !from.startsWith(market))
    expect(new Set(borrowed), 'a connection to ask, and nothing that computes').toEqual(new Set(['helpers/database.ts']))
    const knowing = product
      .filter(({ path }) => !path.startsWith(market))
      .flatMap((source) => importsOf(source).flatMap((from) => (from.startsWith(market) ? [`${source.path} imports ${from}`] : [])))
    expect(knowing.filter((line) => !line.endsWith(' imports helpers/rehearsal/market/rehearsal.ts'))).toEqual([])
  })

  test('only helpers/config.ts reads the environment', () => {
    const readers = product.filter(({ text }) => /process\.env\b/.test(text)).map(({ path }) => path)
    expect(readers).toEqual(['helpers/config.ts'])
  })

  test('only the checklist knows vitest', () => {
    const knowing = product.filter((source) => importsOf(source).some((from) => /^vitest/.test(from))).map(({ path }) => path)
    expect(knowing.filter((path) => !path.startsWith('helpers/checklist/') && path !== 'vitest.config.ts')).toEqual([])
  })

  test('no child is started through a shell', () => {
    const shelled = product.filter(({ text }) => /shell:\s*true|\bexecSync\(|\bexec\(\s*[`'"]/.test(text)).map(({ path }) => path)
    expect(shelled).toEqual([])
  })

  test('tests stand beside their subject, and «phases» names nothing else', () => {
    const tests = sources.filter(({ path }) => path.endsWith('.test.ts')).map(({ path }) => path)
    expect(tests.filter((path) => path.includes('phases') && !path.startsWith('phases/'))).toEqual([])
    expect(tests.filter((path) => !/^(phases|ingest|helpers|reports)\//.test(path))).toEqual([])
  })

  test('migrations hold no binary float and qualify what they create', () => {
    const code = migrations.map(({ path, text }) => ({ path, text: text.replace(/--.*$/gm, '') }))
    expect(code.filter(({ text }) => /\b(real|double precision|float[48]?)\b/i.test(text)).map(({ path }) => path)).toEqual([])
    const bare = code.flatMap(({ path, text }) =>
      [
        ...text.matchAll(
          /^\s*create (?:or replace )?(?:unlogged )?(table|view|materialized view|function) (?!if not exists)([a-z_]+)[ (\n]/gim,
        ),
      ].map(([, kind, name]) => `${path}: ${kind} ${name}`),
    )
    expect(bare).toEqual([])
  })

  test('no file names a machine’s path or a registry’s host', () => {
    const named = [...sources, ...migrations].filter(({ text }) =>
      /registry\.npmjs|\/(root|home)\/[a-z]+\/|node_modules\/\.cache/.test(text),
    )
    expect(named.map(({ path }) => path)).toEqual([])
  })
})
