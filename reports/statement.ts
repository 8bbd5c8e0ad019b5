import { boxesOf, type RunView } from '../helpers/checklist/view.ts'
import { backupsOf } from './backups-named.ts'

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
const PREDICATE_TYPE = 'https://in-toto.io/attestation/test-result/v0.1'
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

/**
 * The version of the statement that a run writes. A statement is verified by the writer of its own version:
 * a released writer stays byte by byte as it is, and another content or wording is a new version beside it.
 */
export const STATEMENT_VERSION = 1

type WriteStatement = (view: RunView, files: Readonly<Record<string, string>>) => string

/** Every version that was ever released, by number. */
export const STATEMENTS: Readonly<Record<number, WriteStatement>> = { 1: statementOf }

interface Subject {
  readonly name: string
  readonly digest: Readonly<Record<string, string>>
}

/**
 * The statement of a run that has ended, as text: an in-toto statement with the predicate test-result. Its
 * subjects are the code, the files of the run, the backups and the universe. It follows from the journal and
 * the manifest alone. `files` are the SHA-256 of the files of the run, by name.
 */
export function statementOf(view: RunView, files: Readonly<Record<string, string>>): string {
  const boxes = boxesOf(view).map(({ phase, box }) => ({ name: `${phase.phase}: ${box.claim}`, box }))
  const inState = (...states: readonly string[]): string[] =>
    boxes.flatMap(({ name, box }) => (states.includes(box.state) ? [name] : []))
  const universe = universeOf(view)
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [
      ...codeSubjects(view),
      ...Object.entries(files).map(([name, sha256]) => ({ name, digest: { sha256 } })),
      ...backupSubjects(view),
      ...universe,
    ],
    predicateType: PREDICATE_TYPE,
    predicate: {
      result: view.verdict === 'PASSED' ? 'PASSED' : 'FAILED',
      configuration: [
        { name: 'plan of the checklist', digest: { sha256: view.plan_sha256 } },
        ...universe,
        {
          name: `run ${view.run_id}`,
          digest: { sha256: files['journal.jsonl'] ?? '' },
          annotations: {
            statement_version: 1,
            run_id: view.run_id,
            verdict: view.verdict,
            mode: view.mode,
            started_at: view.started_at,
            ended_at: view.ended_at,
            git_is_dirty: view.identity['git_is_dirty'] ?? null,
          },
        },
      ],
      passedTests: inState('passed'),
      // Nothing in them was verified: not applicable.
      warnedTests: inState('not applicable'),
      failedTests: inState('failed', 'open'),
    },
  }
  return `${JSON.stringify(statement, null, 2)}\n`
}

/** The commit and the tree, where the run was made in a git checkout. */
function codeSubjects({ identity }: RunView): Subject[] {
  const named = { gitCommit: identity['git_commit'], gitTree: identity['git_tree'] }
  return Object.entries(named).flatMap(([kind, hash]) =>
    typeof hash === 'string' && /^[0-9a-f]{40,64}$/.test(hash)
      ? [{ name: kind === 'gitCommit' ? 'commit' : 'tree', digest: { [kind]: hash } }]
      : [],
  )
}

const backupSubjects = (view: RunView): Subject[] =>
  backupsOf(view).flatMap(({ file, sha256, manifest_sha256 }) => [
    { name: `backups/${file}`, digest: { sha256 } },
    ...(manifest_sha256 === undefined
      ? []
      : [{ name: `backups/${file}.json`, digest: { sha256: manifest_sha256 } }]),
  ])

function universeOf({ identity }: RunView): Subject[] {
  const { universe_file, universe_sha256 } = identity
  return typeof universe_sha256 === 'string'
    ? [{ name: `universe ${universe_file}`, digest: { sha256: universe_sha256 } }]
    : []
}
