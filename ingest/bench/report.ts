import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import * as Plot from '@observablehq/plot'
import { PRODUCT_VERSION } from '../../helpers/config/version.ts'
import { chartOf } from '../../reports/charts/plot.ts'
import { type Measured, ratiosOf, spreadOf } from './figures.ts'

/** What a benchmark leaves: `bench.json` with every time, and `bench.html` with a plot of cost against size. */
export interface BenchReport {
  readonly measured: readonly Measured[]
  /** The greatest resident memory of this process while a size was loaded, generator and baselines included. */
  readonly memory: readonly { readonly securities: number; readonly bytes: number }[]
  /** Baselines that could not be measured here, each with its reason. */
  readonly not_tried: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly server_version: string
}

/** Writes both files into `directory` and returns their paths. */
export async function writeReport(directory: string, report: BenchReport): Promise<string[]> {
  await mkdir(directory, { recursive: true })
  const machine = { processors: cpus().length, model: cpus()[0]?.model ?? '', memory_bytes: totalmem() }
  const figures = report.measured.map((each) => ({
    ...each,
    ratio: spreadOf(ratiosOf(each)),
    ours: spreadOf(each.ours_ms),
  }))
  const json = { ...report, measured: figures, machine, node: process.version, product: PRODUCT_VERSION }
  const files = [join(directory, 'bench.json'), join(directory, 'bench.html')]
  await writeFile(files[0] ?? '', `${JSON.stringify(json, null, 2)}\n`)
  await writeFile(files[1] ?? '', pageOf(report.measured))
  return files
}

/** Stages that are about rows: time against rows, both logarithmic; a line with slope 1 is linear cost. */
function pageOf(measured: readonly Measured[]): string {
  const points = measured
    .filter(({ rows }) => rows > 1)
    .map((each) => ({ rows: each.rows, seconds: spreadOf(each.ours_ms).median / 1000, stage: each.stage }))
  const last = [...Map.groupBy(points, ({ stage }) => stage).values()].map((of) => of.at(-1))
  const chart = chartOf('Cost against size', {
    height: 520,
    marginRight: 260,
    x: { type: 'log', label: 'rows', grid: true },
    y: { type: 'log', label: 'seconds (median)', grid: true },
    color: { scheme: 'Tableau10' },
    marks: [
      Plot.lineY(points, { x: 'rows', y: 'seconds', stroke: 'stage' }),
      Plot.dot(points, { x: 'rows', y: 'seconds', fill: 'stage', r: 3 }),
      Plot.text(last, { x: 'rows', y: 'seconds', text: 'stage', textAnchor: 'start', dx: 8 }),
    ],
  })
  const head = '<meta charset="utf-8"><title>Cost against size</title>'
  return `<!doctype html><html lang="en">${head}${chart}</html>\n`
}
