/** A small checklist in a git repository of its own, with a backup here and in a synced folder. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { type GateOptions, type GateResult, judgeGate, latestRunOf } from '../../reports/gate.ts'
import { manifestFileOf } from '../backup/manifest.ts'
import { proofFileOf } from '../backup/proof.ts'
import { childEnvironment } from '../config/children.ts'
import { hashFile } from '../core/file-hash.ts'
import { FolderStore } from '../remote/folder-store.ts'
import { box, FILES, PLAN } from './small-checklist.ts'
import type { Trial, TrialRun } from './trial.ts'
import { trialsOf } from './trial.ts'

export const BACKUP = 'full_20260102_0304.dump'
const ROOF = `needs('01-walls')
${box('the roof is tight', 'await record(JSON.parse(process.env.TRIAL_BACKUP)); expect(1).toBe(1)')}`

export class EvidenceTrial {
  readonly trial: Trial
  readonly backups: string
  readonly remote_root: string
  readonly remote: FolderStore
  #backup = '{}'

  constructor(trial: Trial) {
    this.trial = trial
    this.backups = join(trial.directory, 'backups')
    this.remote_root = join(trial.directory, 'Dropbox')
    mkdirSync(this.remote_root)
    this.remote = new FolderStore(this.remote_root, '/stocks-research')
    const ignored = ['reports/', 'backups/', 'Dropbox/', 'keys/', 'node_modules/']
    trial.write({ '.gitignore': `${ignored.join('\n')}\n` })
    this.git('init', '--quiet', '--initial-branch=main')
    this.git('config', 'user.name', 'Jane Doe')
    this.git('config', 'user.email', 'jane@example.com')
    this.commit('Begin')
  }

  git(...args: string[]): string {
    const { stdout } = execaSync('git', args, {
      cwd: this.trial.directory,
      env: childEnvironment(),
      extendEnv: false,
    })
    return stdout
  }

  commit(message: string): void {
    this.git('add', '--all')
    this.git('commit', '--quiet', '--allow-empty', '--message', message)
  }

  /** Puts a proven backup here and in the remote store, for the next run to name. */
  async backUp(): Promise<void> {
    const archive = join(this.backups, BACKUP)
    mkdirSync(this.backups, { recursive: true })
    writeFileSync(archive, 'PGDMP and the rows')
    writeFileSync(manifestFileOf(archive), '{"format":"stocks-research-backup"}\n')
    const { bytes, sha256, content_hash } = await hashFile(archive)
    const proof = { format: 'stocks-research-proof', sha256, levels: [1, 2, 3, 4] }
    writeFileSync(proofFileOf(archive), JSON.stringify({ ...proof, proven_at: '2026-01-02T03:05:00.000Z' }))
    const there = join(this.remote_root, 'stocks-research')
    mkdirSync(there, { recursive: true })
    for (const name of [BACKUP, manifestFileOf(BACKUP)])
      copyFileSync(join(this.backups, name), join(there, name))
    this.#backup = JSON.stringify({
      format: 'stocks-research-backup',
      file: BACKUP,
      bytes,
      sha256,
      content_hash,
      manifest_sha256: (await hashFile(manifestFileOf(archive))).sha256,
      snapshot_at: '2026-01-02T03:04:00.000Z',
    })
  }

  /** The environment of a live run, as far as the configuration asks for it; none of it is used. */
  environment(set: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      BOOTSTRAP_SOURCE: 'live',
      BOOTSTRAP_STATE: this.trial.directory,
      SEC_USER_AGENT: 'Jane Doe jane@example.com',
      APCA_API_KEY_ID: 'key-of-nobody',
      APCA_API_SECRET_KEY: 'secret-of-nobody',
      DROPBOX_FOLDER: this.remote_root,
      TRIAL_BACKUP: this.#backup,
      ...set,
    }
  }

  run(args: readonly string[] = [], set: Readonly<Record<string, string>> = {}): Promise<TrialRun> {
    return this.trial.run(args, this.environment(set))
  }

  latest(): string {
    const found = latestRunOf(join(this.trial.directory, 'reports'))
    if (found === undefined) throw new TypeError('There is no run.')
    return found
  }

  /** What the gate says of the newest run. */
  gate(changes: Partial<GateOptions> = {}): Promise<GateResult> {
    return judgeGate({
      run_directory: this.latest(),
      runs_directory: join(this.trial.directory, 'reports', 'runs'),
      repository: this.trial.directory,
      plan: 'plan.md',
      backups: this.backups,
      remote: this.remote,
      modes: ['live'],
      age_max_days: 7,
      waivers: [],
      ...changes,
    })
  }

  /** Why the gate is closed; empty when it is open. */
  async reasons(changes: Partial<GateOptions> = {}): Promise<string> {
    return (await this.gate(changes)).reasons.join('\n')
  }
}

/** Makes such checklists; all are removed after the last test of the file. */
export function evidenceTrials(): (changes?: Readonly<Record<string, string>>) => Promise<EvidenceTrial> {
  const make = trialsOf(PLAN, { ...FILES, '02-roof': ROOF }, { isolate: false })
  return async (changes = {}) => {
    const subject = new EvidenceTrial(make(changes))
    await subject.backUp()
    return subject
  }
}
