/** The workflow files for GitHub and GitLab: they are YAML, call what exists, and their own scripts run. */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { evidenceTrials } from '../helpers/testing/evidence-trial.ts'

interface Step {
  readonly run?: string
  readonly uses?: string
  readonly if?: string
  readonly with?: Readonly<Record<string, unknown>>
}
interface GitHub {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
}
interface GitLab {
  readonly checklist: {
    readonly script: readonly string[]
    readonly after_script: readonly string[]
    readonly artifacts: {
      readonly when: string
      readonly paths: string[]
      readonly reports: { junit: string }
    }
  }
}

const FILES = [
  '.github/workflows/ci.yml',
  '.github/workflows/checklist.yml',
  '.github/workflows/platforms.yml',
  '.gitlab-ci.yml',
]
const trial = evidenceTrials()
const scratch = mkdtempSync(join(tmpdir(), 'workflows-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const textOf = (file: string): string => readFileSync(join(ROOT_DIRECTORY, file), 'utf8')
const read = <T>(file: string): T => parseDocument(textOf(file)).toJS() as T
const stepsOf = (): readonly Step[] =>
  read<GitHub>('.github/workflows/checklist.yml').jobs['checklist']?.steps ?? []

test.for(FILES)('%s is YAML without an error or a warning, and calls scripts that exist', (file) => {
  const { errors, warnings } = parseDocument(textOf(file), { uniqueKeys: true, strict: true })
  expect([...errors, ...warnings]).toEqual([])
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
  for (const [, name = ''] of textOf(file).matchAll(/npm run ([\w:]+)/g))
    expect(Object.keys(scripts)).toContain(name)
})

test('both run the checklist, then the gate, and publish JUnit and the page whatever happened', () => {
  const steps = stepsOf()
  const at = (text: string): number => steps.findIndex(({ run }) => run?.includes(text) === true)
  expect(at('npx vitest run phases')).toBeGreaterThan(0)
  expect(at('npm run gate')).toBe(at('npx vitest run phases') + 1)
  expect(at('npm run tag')).toBe(at('npm run gate') + 1)
  const after = steps.slice(at('npm run tag') + 1)
  expect(after.map((step) => step.if)).toEqual(after.map(() => 'always()'))
  expect(after.map(({ with: given }) => given?.['path'] ?? given?.['report_paths'])).toEqual([
    undefined,
    '.data/published',
    '.data/published/junit.xml',
  ])
  const { checklist } = read<GitLab>('.gitlab-ci.yml')
  expect(checklist.script).toEqual(['npx vitest run phases', 'npm run gate'])
  expect(checklist.artifacts).toMatchObject({
    when: 'always',
    paths: ['.data/published'],
    reports: { junit: '.data/published/junit.xml' },
  })
})

test('both README commands are tried on Windows and on macOS, without a POSIX shell', () => {
  const { jobs } = read<GitHub>('.github/workflows/platforms.yml')
  const platform = jobs['platform'] as unknown as { strategy: { matrix: { os: string[] } } }
  expect(platform.strategy.matrix.os).toEqual(['windows-latest', 'macos-latest'])
  const runs = (jobs['platform']?.steps ?? []).flatMap(({ run }) => run ?? [])
  expect(runs).toEqual(['brew install libpq', 'npm ci', 'npx vitest run phases', 'npm test'])
})

const runScript = (script: string, env: Readonly<Record<string, string>> = {}) =>
  execa('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: scratch, env })

test('the step for the key writes a file that only its owner can read, or nothing', async () => {
  const script = stepsOf().find(({ run }) => run?.includes('signing.pem') === true)?.run ?? 'exit 1'
  const list = join(scratch, 'github.env')
  writeFileSync(list, '')
  await runScript(script, { SIGNING_KEY: '', RUNNER_TEMP: scratch, GITHUB_ENV: list })
  expect(readFileSync(list, 'utf8')).toBe('')
  await runScript(script, { SIGNING_KEY: 'a key', RUNNER_TEMP: scratch, GITHUB_ENV: list })
  const file = join(scratch, 'signing.pem')
  expect(readFileSync(list, 'utf8')).toBe(`BOOTSTRAP_SIGNING_KEY=${file}\n`)
  expect(readFileSync(file, 'utf8')).toBe('a key\n')
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('with a key, the gate and the tag are steps that end as they say, and the tag is pushed', async () => {
  const step = (text: string): string => stepsOf().find(({ run }) => run?.includes(text))?.run ?? 'exit 1'
  const command = join(ROOT_DIRECTORY, 'ingest', 'commands')
  const key = join(scratch, 'made.pem')
  await execa(process.execPath, [join(command, 'report.ts'), 'key', key])
  const list = join(scratch, 'github-with-key.env')
  const secret = readFileSync(key, 'utf8').trimEnd()
  await runScript(step('signing.pem'), { SIGNING_KEY: secret, RUNNER_TEMP: scratch, GITHUB_ENV: list })
  const [, file = ''] = readFileSync(list, 'utf8').trim().split('=')

  const subject = await trial()
  const { directory } = subject.trial
  const where = '--repository . --plan plan.md'
  const gate = `node ${JSON.stringify(join(command, 'gate.ts'))}`
  const scripts = { gate: `${gate} check ${where}`, tag: `${gate} tag ${where}` }
  subject.trial.write({ 'package.json': JSON.stringify({ private: true, scripts }) })
  subject.commit('Add the scripts that the steps call')
  const origin = join(scratch, 'origin.git')
  await execa('git', ['clone', '--quiet', '--bare', directory, origin])
  subject.git('remote', 'add', 'origin', origin)
  const set = { BOOTSTRAP_SIGNING_KEY: file, GITHUB_ACTOR: 'octocat', VERSION: 'v1.2.3' }
  const inJob = (script: string) =>
    execa('bash', ['-e', '-o', 'pipefail', '-c', script], {
      cwd: directory,
      env: { ...subject.environment(set), PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
      reject: false,
      all: true,
    })
  const tags = async (): Promise<string> => (await execa('git', ['-C', origin, 'tag', '--list'])).stdout

  await subject.run() // Unsigned, where the key asks for a signature.
  const closed = await inJob(step('npm run tag'))
  expect(closed.all).toContain('attestation.json: it is not signed')
  expect([(await inJob(step('npm run gate'))).exitCode, closed.exitCode, await tags()]).toEqual([1, 1, ''])

  await subject.run([], set)
  const opened = await inJob(step('npm run gate'))
  expect(opened.all).toContain('gate OPEN')
  expect(opened.all).not.toContain('unsigned')
  const tagged = await inJob(step('npm run tag'))
  expect([opened.exitCode, tagged.exitCode, await tags()], tagged.all).toEqual([0, 0, 'v1.2.3'])
})

test('GitLab makes the file of the key readable for its owner alone, and goes on without a key', async () => {
  const { checklist } = read<{ checklist: { before_script: readonly string[] } }>('.gitlab-ci.yml')
  const script = checklist.before_script.find((line) => line.includes('chmod')) ?? 'exit 1'
  const file = join(scratch, 'gitlab.pem')
  writeFileSync(file, 'a key', { mode: 0o666 })
  await runScript(script, { BOOTSTRAP_SIGNING_KEY: file })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await runScript(script, { BOOTSTRAP_SIGNING_KEY: '' })
})

test('the steps that publish copy the latest run itself, not the link to it', async () => {
  const run = join(scratch, 'reports', 'runs', 'r1')
  mkdirSync(run, { recursive: true })
  writeFileSync(join(run, 'junit.xml'), '<testsuites/>')
  symlinkSync(join('runs', 'r1'), join(scratch, 'reports', 'latest'))
  const [after] = read<GitLab>('.gitlab-ci.yml').checklist.after_script
  const copy = stepsOf().find(({ run: script }) => script?.includes('cp -RL') === true)?.run
  expect(copy).toBe(after)
  await runScript(copy ?? 'exit 1')
  const published = join(scratch, '.data', 'published')
  expect(lstatSync(published).isSymbolicLink()).toBe(false)
  expect(readFileSync(join(published, 'junit.xml'), 'utf8')).toBe('<testsuites/>')
})
