import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sqlMutations } from './sql-operators.ts'
import { SUBJECTS, type Subject } from './subjects.ts'
import { type Mutation, typescriptMutations } from './typescript-operators.ts'

/** A mutation of a file of the project. */
export interface Mutant extends Mutation {
  readonly subject: Subject
  readonly file: string
  readonly line: number
  /** The lines that change, as they are and as the mutant has them. */
  readonly from: string
  readonly to: string
}

/** Every mutant of the subject, in the order that the seed gives. */
function mutantsOf(subject: Subject, root: string, seed: string): Mutant[] {
  const mutants = filesOf(subject, root).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const mutations = file.endsWith('.sql')
      ? sqlMutations(text, file.startsWith('migrations/'))
      : typescriptMutations(text)
    return mutations.map((mutation) => ({ ...mutation, subject, file, ...placeOf(text, mutation) }))
  })
  // The order depends on the text of a mutant, not on its place: an edit elsewhere changes no sample.
  const keyOf = ({ file, from, to }: Mutant): string =>
    createHash('sha256')
      .update(JSON.stringify([seed, file, from, to]))
      .digest('hex')
  return mutants
    .map((mutant) => ({ mutant, key: keyOf(mutant) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ mutant }) => mutant)
}

/** The files of a subject; a pattern may say which severity of checks it means. */
function filesOf({ files }: Subject, root: string): string[] {
  return files.flatMap((given) => {
    const [pattern = '', severity] = given.split(': ')
    const found = globSync(pattern, { cwd: root }).map((path) => path.replaceAll('\\', '/'))
    if (severity === undefined) return found
    const header = `-- severity: ${severity}\n`
    return found.filter((path) => readFileSync(join(root, path), 'utf8').includes(header)).toSorted()
  })
}

function placeOf(text: string, { start, end, replace }: Mutation): Pick<Mutant, 'line' | 'from' | 'to'> {
  const from = text.lastIndexOf('\n', start - 1) + 1
  const next = text.indexOf('\n', end)
  const to = next === -1 ? text.length : next
  return {
    line: text.slice(0, start).split('\n').length,
    from: text.slice(from, to).trim(),
    to: `${text.slice(from, start)}${replace}${text.slice(end, to)}`.trim(),
  }
}

/** About `count` mutants that the seed draws, so many of each subject as its share says. */
export function sampleOf(root: string, seed: string, count: number): Mutant[] {
  const shares = SUBJECTS.reduce((sum, { share }) => sum + share, 0)
  return SUBJECTS.flatMap((subject) =>
    mutantsOf(subject, root, seed).slice(0, Math.ceil((count * subject.share) / shares)),
  )
}
