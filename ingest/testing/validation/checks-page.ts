import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { JOB_NAMES } from '../../contract/job.ts'
import type { Check, Recomputation } from '../../validation/check.ts'

const INTRODUCTION = readFileSync(join(import.meta.dirname, 'checks-page.md'), 'utf8')

/** The text of docs/checks.md. */
export function checksPage(checks: readonly (Check | Recomputation)[]): string {
  const sections = [undefined, ...JOB_NAMES].map((job) => {
    const own = checks.filter((check) => check.job === job)
    const title = job === undefined ? 'Schema and several tables' : job
    return own.length === 0 ? '' : `\n### ${title}\n${own.map(entryOf).join('')}`
  })
  const hard = checks.filter(({ severity }) => severity === 'hard').length
  const counts = `${checks.length} checks: ${hard} hard, ${checks.length - hard} soft.`
  return `${INTRODUCTION}\n## All checks\n${counts}\n${sections.join('')}`
}

function entryOf(check: Check | Recomputation): string {
  const { name, claim, severity, why = '', is_acceptable } = check
  const notes = [
    'find' in check ? 'recomputed in code' : '',
    'needs_second_source' in check && check.needs_second_source ? 'needs a second source' : '',
    severity === 'hard' && is_acceptable ? 'findings may be accepted' : '',
  ].filter((note) => note !== '')
  const about = [severity, ...notes].join(', ')
  return `\n${wrapped(`**${name}** (${about}): ${claim}. ${why}`)}\n`
}

const LINE_CHARACTERS_MAX = 110

function wrapped(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && `${line} ${word}`.length > LINE_CHARACTERS_MAX) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
