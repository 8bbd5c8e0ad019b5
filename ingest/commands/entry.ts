import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { isDay } from '../../helpers/core/days.ts'
import { ConfigError, messageOf, StocksError } from '../../helpers/core/errors.ts'
import { redact } from '../../helpers/core/redact.ts'
import { plainText } from '../../helpers/core/text.ts'

// What every command-line entry shares: arguments, exit codes, what is printed, and how errors are printed.

/** What the process ends with. Only `complete` is success to a shell. */
export const EXIT_CODES = {
  complete: 0,
  failed: 1,
  usage: 2,
  complete_with_gaps: 3,
  halted: 4,
  interrupted: 130,
  running: 1,
} as const

/** The command line is wrong: names the argument, and what is right. */
export class UsageError extends StocksError {
  readonly transient = false
}

/** A program whose help, wrong use and errors read like those of every other entry. */
export const programOf = (name: string, description: string): Command =>
  new Command(name).description(description).showHelpAfterError('(--help shows what is possible)')

/** Parses the arguments, runs the command, prints its error, and sets the exit code. */
export async function runProgram(
  program: Command,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  for (const command of allOf(program)) command.exitOverride()
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    // Commander has printed its own errors already.
    if (!(error instanceof CommanderError)) process.stderr.write(`${redact(plainText(textOf(error)))}\n`)
  }
}

/** A command, and all below it. */
const allOf = (command: Command): Command[] => [command, ...command.commands.flatMap(allOf)]

/** Writes a line to standard output, without secrets and without what commands a terminal. */
export const say = (text: string): void => void process.stdout.write(`${redact(plainText(text))}\n`)

/** The value of an option that is a count. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.')
  return Number(text)
}

/** The value of an option that is a day. */
export function day(text: string): string {
  if (!isDay(text)) throw new InvalidArgumentError('It must be a day of the calendar, YYYY-MM-DD.')
  return text
}

/** Of `known`, the word that is nearest to `word` by edits; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((each) => ({ each, edits: editsBetween(word.toLowerCase(), each) }))
    .toSorted((a, b) => a.edits - b.edits)
  const [first] = ranked
  if (first !== undefined && first.edits <= Math.max(2, first.each.length / 3)) return first.each
  // A first word of several: "prices" of "prices-daily", but not "fundamentals", which two begin with.
  const beginning = known.filter((each) => each.startsWith(`${word.toLowerCase()}-`))
  return beginning.length === 1 ? beginning[0] : undefined
}

/** Insertions, deletions and substitutions that turn `a` into `b` (Levenshtein 1965). */
function editsBetween(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(substituted, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous.at(-1) ?? 0
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.complete : EXIT_CODES.usage
  const isUsage = error instanceof UsageError || error instanceof ConfigError
  return isUsage ? EXIT_CODES.usage : EXIT_CODES.failed
}

/** Our own errors say what to do; of any other, a defect, the stack is what helps. */
const textOf = (error: unknown): string =>
  error instanceof StocksError || !(error instanceof Error)
    ? messageOf(error)
    : (error.stack ?? error.message)
