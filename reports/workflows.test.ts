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
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { type GitHub, read, stepsOf, textOf } from '../helpers/testing/workflows.ts'

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
const scratch = mkdtempSync(join(tmpdir(), 'workflows-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

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
