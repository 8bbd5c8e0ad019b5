import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { escapeHtml, wideHtml } from '../html.ts'
import { xmlCharacters } from '../junit.ts'

const { document } = parseHTML('<!doctype html><html><body></body></html>')

/** A chart as a static SVG, drawn here: without a style or a script of its own, which the page forbids. */
export function chartOf(label: string, options: Plot.PlotOptions, key = ''): string {
  const drawn = Plot.plot({
    document: document as unknown as NonNullable<Plot.PlotOptions['document']>,
    className: 'plot',
    width: 1024,
    style: { fontSize: '12px' },
    ...options,
  }).outerHTML as string
  const svg = xmlCharacters(drawn)
    .replaceAll(/>[^<]+</g, (text) => text.replaceAll('"', '&quot;'))
    .replaceAll(/<style[\s\S]*?<\/style>/g, '')
    .replaceAll(/ style="[^"]*"| aria-label="[^"]*"/g, '')
    .replaceAll(/\d+\.\d{3,}/g, (number) => String(Math.round(Number(number) * 10) / 10))
    .replace('<svg ', `<svg role="img" aria-label="${escapeHtml(label)}" `)
  return `<figure>${wideHtml(label, svg)}${key === '' ? '' : `<figcaption>${key}</figcaption>`}</figure>`
}

/** A mark of the key below a chart. */
export const keyHtml = (kind: string, text: string): string =>
  `<span class="key ${kind}">${escapeHtml(text)}</span>`
