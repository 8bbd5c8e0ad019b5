import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { SerializedError } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { redact } from '../core/redact.ts'
import type { Fault } from './events.ts'

const MESSAGE_CHARACTERS_MAX = 8_000

/** An error of Vitest as the journal keeps it: redacted, bounded, without colour and without a stack. */
export function faultOf(error: SerializedError): Fault {
  const diff = typeof error['diff'] === 'string' ? `\n${error['diff']}` : ''
  const causes = causesOf(error.cause)
  const message = redact(stripVTControlCharacters(`${error.message ?? 'no message'}${causes}${diff}`)).slice(
    0,
    MESSAGE_CHARACTERS_MAX,
  )
  const frame = error.stacks?.find((each) => each.file !== '' && !each.file.includes('node_modules'))
  return {
    name: error.name ?? 'Error',
    message,
    at:
      frame === undefined
        ? undefined
        : `${relative(ROOT_DIRECTORY, frame.file).replaceAll('\\', '/')}:${frame.line}`,
  }
}

function causesOf(cause: unknown): string {
  let text = ''
  let each = cause
  for (
    let depth = 0;
    depth < 5 && each !== null && typeof each === 'object' && 'message' in each;
    depth += 1
  ) {
    text += `\n  because: ${String(each.message)}`
    each = 'cause' in each ? each.cause : undefined
  }
  return text
}
