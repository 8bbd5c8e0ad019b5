/** The steps of the workflow for GitHub, in a git repository with a remote. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { evidenceTrials } from '../helpers/testing/evidence-trial.ts'
import { stepsOf } from '../helpers/testing/workflows.ts'

const trial = evidenceTrials()
const scratch = mkdtempSync(join(tmpdir(), 'workflows-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const runScript = (script: string, env: Readonly<Record<string, string>> = {}) =>
  execa('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: scratch, env })

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
