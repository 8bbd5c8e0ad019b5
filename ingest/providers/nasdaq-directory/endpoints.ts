import { per, SECOND_MS } from '../../http/budget.ts'
import type { HttpProfile, HttpRequest } from '../../http/profile.ts'

const ORIGIN = 'https://www.nasdaqtrader.com'

export const PROFILE: HttpProfile = {
  provider: 'nasdaq-directory',
  adapter_version: '1',
  origins: [ORIGIN],
  limits: [per(SECOND_MS, 2)],
  headers: {},
  concurrency_max: 2,
}

export type DirectoryFile = 'nasdaqlisted' | 'otherlisted'

/** A directory ends with the day of its making; without that line it was cut. */
export const directory = (file: DirectoryFile): HttpRequest => ({
  url: `${ORIGIN}/dynamic/symdir/${file}.txt`,
  expects: 'text',
  shape: ({ text }) => {
    if (!/^[^\n]*Symbol\|/.test(text))
      return { outcome: 'malformed', reason: 'the first line names no columns' }
    return /^File Creation Time:/m.test(text)
      ? undefined
      : { outcome: 'truncated', reason: 'the last line, "File Creation Time", is missing' }
  },
})
