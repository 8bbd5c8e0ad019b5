/** Pages in a headless Chromium: what a person sees of them, measured. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const MACOS = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const LIMIT_MS = 120_000

let found: Promise<string> | undefined

/**
 * The browser of this machine; CHROMIUM names another.
 *
 * @throws when there is none: then nothing was tried.
 */
function browser(): Promise<string> {
  found ??= findBrowser()
  return found
}

async function findBrowser(): Promise<string> {
  for (const name of [process.env['CHROMIUM'] ?? '', ...NAMES, MACOS].filter((each) => each !== '')) {
    const { exitCode } = await execa(name, ['--version'], { reject: false })
    if (exitCode === 0) return name
  }
  throw new Error('No Chromium was found, so no page was tried. Install one, or set CHROMIUM to its path.')
}

/** Runs the browser on a file; its standard output and error. */
async function runBrowser(file: string, options: readonly string[]) {
  const profile = await mkdtemp(join(tmpdir(), 'browser-'))
  try {
    const fixed = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`]
    return await execa(await browser(), [...fixed, ...options, pathToFileURL(file).href], {
      timeout: LIMIT_MS,
    })
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

export interface Look {
  readonly width: number
  readonly height: number
  readonly is_dark?: boolean
}

/**
 * What `script` returns inside the page, in a window of this size. The page forbids scripts: it is tried
 * without that rule, in a frame whose width can be smaller than a window's.
 */
export async function inPage<T>(html: string, { width, height, is_dark }: Look, script: string): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'page-'))
  try {
    const free = html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '')
    const measuring = `${free}<script>(async () => {
      let result
      try { result = { value: await (async () => { ${script} })() } }
      catch (error) { result = { error: String(error) } }
      parent.document.getElementById('result').textContent = JSON.stringify(result)
    })()</script>`
    await writeFile(join(directory, 'page.html'), measuring)
    const frame = `<!doctype html><meta charset="utf-8"><pre id="result"></pre>
<iframe style="border:0" width="${width}" height="${height}" srcdoc="${measuring
      .replaceAll('&', '&amp;')
      .replaceAll('"', '&quot;')}"></iframe>`
    await writeFile(join(directory, 'frame.html'), frame)
    const dark = is_dark === true ? ['--blink-settings=preferredColorScheme=0'] : []
    const { stdout } = await runBrowser(join(directory, 'frame.html'), [
      ...dark,
      '--virtual-time-budget=30000',
      `--window-size=${Math.max(width, 1000)},${height}`,
      '--dump-dom',
    ])
    return resultOf<T>(stdout)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * Milliseconds from the start of the navigation until the page is complete, in real time: the fastest of
 * three, since other work on the machine only adds to it.
 */
export async function openingTimeOf(html: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'page-'))
  const measuring = `${html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '')}
<pre id="result"></pre><script>addEventListener('load', () => setTimeout(() => {
  const [{ loadEventEnd }] = performance.getEntriesByType('navigation')
  document.getElementById('result').textContent = JSON.stringify({ value: loadEventEnd })
}))</script>`
  try {
    const file = join(directory, 'page.html')
    await writeFile(file, measuring)
    const times: number[] = []
    for (let attempt = 0; attempt < 3; attempt += 1)
      times.push(resultOf<number>((await runBrowser(file, ['--timeout=20000', '--dump-dom'])).stdout))
    return Math.min(...times)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function resultOf<T>(dom: string): T {
  const text = /<pre id="result">([\s\S]*?)<\/pre>/.exec(dom)?.[1] ?? ''
  if (text === '') throw new Error('The page gave no result: its script did not end.')
  const plain = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
  const result = JSON.parse(plain) as { value: T; error?: string }
  if (result.error !== undefined) throw new Error(`The page failed: ${result.error}`)
  return result.value
}

/** What the page, as it is, writes to the console of the browser: violations of its own rules among it. */
export async function consoleOf(file: string): Promise<string[]> {
  const { stderr } = await runBrowser(file, ['--enable-logging=stderr', '--v=0', '--dump-dom'])
  return stderr.split('\n').filter((line) => line.includes('CONSOLE'))
}
