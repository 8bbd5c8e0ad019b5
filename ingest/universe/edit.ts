import { readFile, rm } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { partialOf, writeAtomically } from '../../helpers/core/atomic-file.ts'
import { RefusedError } from '../../helpers/core/errors.ts'
import { readUniverse, type UniverseMember } from './read.ts'

// Changes the written universe: one line comes or goes, every other line stays as it is.

interface Lines {
  /** Lower-case names of the columns, in the order of the file. */
  readonly columns: readonly string[]
  /** The header, then one text a line of the file, without line ends. */
  readonly lines: readonly string[]
  readonly line_end: string
}

/** @throws FormatError when the file is not a universe. */
async function linesOf(file: string): Promise<Lines> {
  await readUniverse(file)
  const text = await readFile(file, 'utf8')
  const line_end = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text.split(/\r?\n/)
  while (lines.at(-1) === '') lines.pop()
  return {
    columns: fieldsOf(lines[0]?.replace(/^\uFEFF/, '') ?? '').map((name) => name.toLowerCase()),
    lines,
    line_end,
  }
}

const fieldsOf = (line: string): string[] =>
  (parse(line, { trim: true, relax_column_count: true }) as string[][])[0] ?? []

/** A field as CSV: in quotation marks where it needs them. */
const fieldText = (value: string): string =>
  /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value

/**
 * Adds a security at the end of the file. A column that the file does not have yet is added to it.
 *
 * @throws RefusedError when the security is already in it, FormatError when an id has another format.
 */
export async function addMember(file: string, member: UniverseMember): Promise<void> {
  const { columns, lines, line_end } = await linesOf(file)
  const { members } = await readUniverse(file)
  if (members.some(({ source_id }) => source_id === member.source_id))
    throw new RefusedError(`${file} already has ${member.source_id}. Nothing was changed.`)
  const given = Object.entries(member).filter(([, value]) => value !== undefined)
  const added = given.map(([name]) => name).filter((name) => !columns.includes(name))
  const widened = lines.map((line, at) =>
    (at === 0 ? [line, ...added] : [line, ...added.map(() => '')]).join(),
  )
  const values = new Map<string, string>(given)
  const line = [...columns, ...added].map((name) => fieldText(values.get(name) ?? '')).join()
  await replace(file, [...widened, line], line_end)
}

/**
 * Removes a security from the file. False when the file does not have it.
 *
 * @throws RefusedError when it is the last one.
 */
export async function removeMember(file: string, source_id: string): Promise<boolean> {
  const { columns, lines, line_end } = await linesOf(file)
  const column = columns.indexOf('source_id')
  const kept = lines.filter((line, at) => at === 0 || line === '' || fieldsOf(line)[column] !== source_id)
  if (kept.length === lines.length) return false
  if (kept.filter((line) => line !== '').length === 1)
    throw new RefusedError(
      `${source_id} is the only security of ${file}, and a universe needs one. Nothing was changed.`,
    )
  await replace(file, kept, line_end)
  return true
}

/** Publishes the new text only when it reads as a universe. */
async function replace(file: string, lines: readonly string[], line_end: string): Promise<void> {
  const text = `${lines.join(line_end)}${line_end}`
  const trial = partialOf(file)
  try {
    await writeAtomically(trial, text)
    await readUniverse(trial)
  } finally {
    await rm(trial, { force: true })
  }
  await writeAtomically(file, text)
}
