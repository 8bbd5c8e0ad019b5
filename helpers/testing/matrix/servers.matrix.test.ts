/** The checklist on servers and settings as they are found. Prints a table: row, expected, seen. */
import { afterAll, expect, test } from 'vitest'
import { fingerprintOf } from '../../database/fingerprint.ts'
import { Product } from '../acceptance/product.ts'
import { smallUniverse } from '../acceptance/universe.ts'
import { ROWS } from './rows.ts'

const universe = smallUniverse(12)
const seen = new Map<string, string>()
let content_sha256: string | undefined

afterAll(() => {
  universe.remove()
  const rows = ROWS.map(({ name, expected, notTried }) => {
    const wanted = expected === 'equal' ? 'every box, equal content' : `refused: ${expected.source}`
    return [name, wanted, seen.get(name) ?? `not tried: ${notTried ?? 'not asked for'}`]
  })
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | '))
  process.stdout.write(`\n${lines.join('\n')}\n`)
})

const tried = ROWS.filter(({ notTried }) => notTried === undefined)

test.for(tried.map((row) => [row.name, row] as const))('%s', async ([name, { expected, stage }]) => {
  const { env, connection, stop } = await stage()
  const product = new Product({ BOOTSTRAP_UNIVERSE: universe.file, ...env })
  const started = performance.now()
  try {
    const { exit_code, output } = await product.checklist().ended
    const seconds = ((performance.now() - started) / 1_000).toFixed(1)
    const [, verdict = 'no verdict', boxes = 'no box'] =
      /^(PASSED|FAILED|INCOMPLETE).*?(\d+ of \d+) boxes/m.exec(output) ?? []
    seen.set(name, `${verdict}, ${boxes}, ${seconds} s`)
    if (expected !== 'equal') {
      expect(exit_code).not.toBe(0)
      expect(output).toMatch(expected)
      seen.set(name, `refused in ${seconds} s`)
      return
    }
    expect(exit_code, output.slice(-3_000)).toBe(0)
    const target = connection ?? (await product.connection())
    const content = await fingerprintOf(target, { scope: 'content', views: 'none' })
    content_sha256 ??= content.content_sha256
    expect(content.content_sha256).toBe(content_sha256)
    seen.set(name, `${verdict}, ${boxes}, equal content, ${seconds} s`)
  } finally {
    await product.remove()
    await stop()
  }
})
