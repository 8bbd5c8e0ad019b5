import { createPublicKey, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { BUNDLE_FILES, extractBundle, sumFileOf } from '../helpers/backup/bundle.ts'
import { gitBytes } from '../helpers/checklist/code.ts'
import { verifyJournal } from '../helpers/checklist/journal.ts'
import { parsePlan } from '../helpers/checklist/plan.ts'
import { boxesOf, countsText, type RunView } from '../helpers/checklist/view.ts'
import { messageOf, PreconditionError } from '../helpers/core/errors.ts'
import { hashFile } from '../helpers/core/file-hash.ts'
import { withScratchFolder } from '../helpers/core/scratch-folder.ts'
import type { RemoteStore } from '../helpers/remote/store.ts'
import { backupsOf } from './backups-named.ts'
import { checkRun } from './check.ts'
import { backupFaults } from './check-backups.ts'
import { readAttestation } from './check-statement.ts'
import { isSignedBy } from './dsse.ts'
import { JOURNAL_FILE } from './write.ts'

export interface VerifyOptions {
  /** The repository that the plan of the run is compared with, and the path of the plan in it. */
  readonly repository: string
  readonly plan: string
  /** The folder of the backups. */
  readonly backups: string
  /** The remote store, or why it cannot be asked. */
  readonly remote: RemoteStore | string
  /** The public key that must have signed the statement. */
  readonly key?: KeyObject | undefined
}

export interface Verification {
  readonly view: RunView | undefined
  /** What does not hold, in the order of the checks. Empty when everything that was verified is correct. */
  readonly faults: readonly string[]
  /** What a reader should know: what was not checked, and why. */
  readonly notes: readonly string[]
}

export const UNSIGNED = 'unsigned: a person who can write these files can also rewrite them'

/** Verifies the folder of a run, or a bundle of one. */
export async function verifyEvidence(path: string, options: VerifyOptions): Promise<Verification> {
  if (statSync(path).isDirectory()) return verifyDirectory(path, options)
  return withScratchFolder(async (directory) => {
    const sum = await bundleSum(path)
    try {
      await extractBundle(path, directory)
    } catch (error) {
      const fault = `${basename(path)} cannot be read as a bundle: ${messageOf(error)}`
      return { view: undefined, faults: [...sum.faults, fault], notes: sum.notes }
    }
    const { view, faults, notes } = await verifyDirectory(directory, options)
    return { view, faults: [...sum.faults, ...faults], notes: [...sum.notes, ...notes] }
  })
}

async function verifyDirectory(directory: string, options: VerifyOptions): Promise<Verification> {
  const { view, faults, notes } = checkRun(directory)
  if (view === undefined) return { view, faults, notes }
  const signature = signatureOf(directory, view, options.key)
  const plan = planOf(directory, view, options)
  const backups = await backupFaults(backupsOf(view), options)
  const bundles = await bundlesIn(directory)
  const boxes = boxesOf(view).map(({ box }) => box)
  return {
    view,
    faults: [...faults, ...signature.faults, ...plan.faults, ...backups.faults, ...bundles.faults],
    notes: [
      countsText(boxes),
      ...notes,
      ...signature.notes,
      ...plan.notes,
      ...backups.notes,
      ...bundles.notes,
    ],
  }
}

interface Findings {
  readonly faults: readonly string[]
  readonly notes: readonly string[]
}
const fault = (text: string): Findings => ({ faults: [text], notes: [] })
const note = (text: string): Findings => ({ faults: [], notes: [text] })
const NOTHING: Findings = { faults: [], notes: [] }

/** Who signed the statement. A signature that does not fit its key id is reported with the other files. */
function signatureOf(directory: string, view: RunView, key: KeyObject | undefined): Findings {
  const envelope = readAttestation(directory)
  const isSigned = typeof envelope !== 'string' && envelope.signatures.length > 0
  if (key === undefined) {
    if (!isSigned) return note(UNSIGNED)
    const [signature] = envelope.signatures
    return note(`signed by ${signature?.keyid}; give its public key with --key to verify the signature`)
  }
  if (view.verdict === 'RUNNING')
    return fault('attestation.json: a run that has not ended has no signed statement')
  if (!isSigned) return fault(`attestation.json: it is not signed, and a signature by the key is required`)
  return isSignedBy(envelope, key)
    ? note('signed by the key that was given')
    : fault('attestation.json: it is not signed by the key that was given')
}

/** The plan of a run must be that of its commit: a shorter plan would leave boxes out. */
function planOf(directory: string, view: RunView, { repository, plan }: VerifyOptions): Findings {
  const started = verifyJournal(join(directory, JOURNAL_FILE)).entries[0]
  if (started?.event !== 'run-started') return NOTHING
  const { git_commit: commit, git_is_dirty: is_dirty } = view.identity
  const committed =
    typeof commit === 'string' && /^[0-9a-f]{40,64}$/.test(commit)
      ? gitBytes(repository, 'show', `${commit}:${plan}`)
      : undefined
  const file = join(repository, plan)
  const here = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  const same = [committed, here]
    .flatMap((text) => {
      try {
        return text === undefined ? [] : [parsePlan(text)]
      } catch {
        return []
      }
    })
    .find(({ sha256 }) => sha256 === view.plan_sha256)
  if (same !== undefined)
    return isDeepStrictEqual(started.expected, same.phases)
      ? NOTHING
      : fault(`journal.jsonl, line 1: the boxes that it expects are not those of the plan ${plan}`)
  if (committed !== undefined && is_dirty === false)
    return fault(`journal.jsonl, line 1: its plan is not ${plan} of commit ${commit}`)
  return note(`the plan was not checked: the ${plan} of the run (commit ${commit}) is not known here`)
}

/** The bundles in the folder of a run, each against the sum beside it. */
async function bundlesIn(directory: string): Promise<Findings> {
  const found: Findings[] = []
  for (const name of BUNDLE_FILES.filter((each) => each.endsWith('.zip'))) {
    const bundle = join(directory, name)
    if (existsSync(bundle)) found.push(await bundleSum(bundle))
    else if (existsSync(sumFileOf(bundle)))
      found.push(fault(`${name} is missing, and ${name}.sha256 is there`))
  }
  return { faults: found.flatMap(({ faults }) => faults), notes: found.flatMap(({ notes }) => notes) }
}

/**
 * The bytes of a bundle against the sum beside it, or against the first digits of its hash in its name, as
 * the remote store has it.
 */
async function bundleSum(bundle: string): Promise<Findings> {
  const name = basename(bundle)
  const { sha256 } = await hashFile(bundle)
  const sum_file = sumFileOf(bundle)
  if (existsSync(sum_file))
    return readFileSync(sum_file, 'utf8') === `${sha256}  ${name}\n`
      ? NOTHING
      : fault(`${name} and ${basename(sum_file)} do not fit: the SHA-256 of the bundle is ${sha256}`)
  const digits = /-([0-9a-f]{12})\.zip$/.exec(name)?.[1]
  if (digits === undefined) return note(`no hash of ${name} itself is known; the files in it were checked`)
  return sha256.startsWith(digits)
    ? NOTHING
    : fault(`${name}: its SHA-256 is ${sha256}, and its name says ${digits}`)
}

/** @throws PreconditionError when the file is not a public key for Ed25519. */
export function readPublicKey(file: string): KeyObject {
  let key: KeyObject
  try {
    key = createPublicKey(readFileSync(file))
  } catch (error) {
    throw new PreconditionError(
      `${file} cannot be read as a public key: ${messageOf(error)}. Name a .pub.pem.`,
    )
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new PreconditionError(`${file} is a key of type ${key.asymmetricKeyType}; expected ed25519.`)
  return key
}
