import { vi } from 'vitest'
import { runProgram } from '../../commands/entry.ts'
import { ingestProgram } from '../../commands/ingest.ts'

/** What a command left behind, as execa gives it of a child. */
export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command of `ingest/run.ts` in this process, with `env` as its whole environment. A child of its own
 * costs half a second of CPU before it reads its arguments: use one where the process is what is tested.
 */
export async function inProcess(args: readonly string[], env: Record<string, string>): Promise<Ended> {
  const written = { stdout: '', stderr: '' }
  const catching = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text)
      return true
    }),
  )
  const former = process.env
  process.env = { ...env }
  try {
    await runProgram(ingestProgram, args)
    return {
      exitCode: Number(process.exitCode ?? 0),
      stdout: written.stdout.replace(/\n$/, ''),
      stderr: written.stderr.replace(/\n$/, ''),
    }
  } finally {
    process.env = former
    process.exitCode = undefined
    for (const spy of catching) spy.mockRestore()
  }
}
