import { messageOf } from '../../helpers/core/errors.ts'
import { redact } from '../../helpers/core/redact.ts'
import { isUnclosed, parseJson, type TextJson } from './json.ts'
import { noticeOf } from './notice.ts'
import type { Answer, Outcome, Verdict } from './outcome.ts'
import { matchPattern, type Pattern } from './pattern.ts'
import { isNoAddress, limitOf, meaningOf } from './words.ts'

/** What a request is promised to give back. */
export type Expectation = 'json' | 'text' | 'zip'

export interface Classifier {
  /** What this provider is known to mean by certain words. */
  readonly patterns: readonly Pattern[]
  readonly expects: Expectation
  /**
   * Looks at a body that is well-formed: are the required keys there, is there anything in it? Undefined =
   * ok.
   */
  readonly shape?: (content: { readonly json: TextJson; readonly text: string }) => Verdict | undefined
}

// What providers say in an error fits in this; a text that only mentions a quota further down is no error
// body.
const ERROR_BODY_BYTES_MAX = 16_384
// A sentence or two; what is longer and is no JSON is a document.
const SENTENCES_CHARACTERS_MAX = 2000

/**
 * Says what an answer is, before anything else looks at it. A status alone proves nothing: a quota comes as
 * 200, a missing file as
 * 403. Order: what this provider is known to say, then the status with the words beside it, then, in place of
 * data, the words alone, then the form of the body, then its shape. In a body that holds data no word means
 * anything.
 */
export function classify(answer: Answer, classifier: Classifier): Verdict {
  const { http_status: status, body } = answer
  const { patterns, expects } = classifier
  const head = body.subarray(0, ERROR_BODY_BYTES_MAX).toString('utf8').trim()
  const isPage = looksLikeMarkup(head)
  if (status !== 200) {
    const said = noticeOf(head) ?? head
    const known = matchPattern(patterns, status, said)
    return known === undefined
      ? byStatus(status, head, isPage ? '' : said, expects)
      : { ...known, reason: `HTTP ${status}: ${known.reason}` }
  }
  const said = body.length > ERROR_BODY_BYTES_MAX ? undefined : noticeOf(head)
  const isSentence =
    said !== undefined && (isPage || /^[{["]/.test(said) || said.length <= SENTENCES_CHARACTERS_MAX)
  if (said !== undefined && isSentence) {
    const known = matchPattern(patterns, status, said) ?? (isPage ? undefined : meaningOf(said))
    if (known !== undefined)
      return {
        ...known,
        reason: `HTTP ${status}: ${'reason' in known ? known.reason : `"${excerpt(said)}"`}`,
      }
  }

  const length = lengthFault(answer)
  if (length !== undefined) return length
  if (body.length === 0) return { outcome: 'malformed', reason: 'HTTP 200 with an empty body' }
  if (expects === 'zip') return zipForm(body)
  if (isPage)
    return { outcome: 'malformed', reason: `a page of markup in place of ${expects}: "${excerpt(head)}"` }
  if (said !== undefined && /^[{["]/.test(said))
    return { outcome: 'malformed', reason: `words in place of data: "${excerpt(said)}"` }
  if (expects === 'text') {
    const text = body.toString('utf8')
    if (text.includes('\u0000')) return { outcome: 'malformed', reason: 'binary bytes in place of text' }
    return classifier.shape?.({ json: null, text }) ?? { outcome: 'ok', reason: 'HTTP 200' }
  }
  return jsonForm(body.toString('utf8'), classifier)
}

/**
 * `said`: the words of the body; empty for a page of markup, whose words are those of its author and not of
 * the provider.
 */
function byStatus(status: number, head: string, said: string, expects: Expectation): Verdict {
  const reason = `HTTP ${status}${head === '' ? '' : `: ${excerpt(head)}`}`
  const meaning = meaningOf(said)
  // What the words say counts where the status leaves it open.
  const meant = (allowed: readonly Outcome[], otherwise: Outcome): Verdict =>
    meaning !== undefined && allowed.includes(meaning.outcome)
      ? { ...meaning, reason }
      : { outcome: otherwise, reason }
  if (status === 204) return { outcome: 'empty', reason }
  if (status === 401 || status === 407) return { outcome: 'auth', reason }
  if (status === 402) return meant(['auth', 'entitlement', 'throttled'], 'quota')
  if (status === 403 || status === 423 || status === 451)
    return meant(['auth', 'quota', 'throttled'], 'entitlement')
  // A page of markup for a missing item is a wrong address or a proxy: "not found" must be the provider's own
  // word.
  if (status === 404 || status === 410) {
    const isWrongAddress = isNoAddress(said) || (expects !== 'zip' && looksLikePage(head))
    return { outcome: isWrongAddress ? 'malformed' : 'not_found', reason }
  }
  if (status === 429) return { outcome: 'throttled', ...limitOf(said.toLowerCase()), reason }
  if (status === 408 || status === 413 || status === 425 || status === 499 || status >= 500)
    return meant(['throttled', 'quota'], 'transient')
  if (status < 400) return { outcome: 'malformed', reason }
  return meant(
    ['auth', 'quota', 'throttled', 'entitlement', ...(isAboutItem(said) ? (['not_found'] as const) : [])],
    'malformed',
  )
}

/** "Not found" in the refusal of a question may be said of a parameter; then it is our mistake. */
const isAboutItem = (said: string): boolean =>
  /symbol|ticker|\bcik\b|asset|stock|company|security|securities|isin|identifier/i.test(said)

function jsonForm(text: string, classifier: Classifier): Verdict {
  let json: TextJson
  try {
    json = parseJson(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch (error) {
    if (/^[\s\uFEFF]*[[{]/.test(text) && isUnclosed(text))
      return { outcome: 'truncated', reason: `the JSON ends in the middle: ${messageOf(error)}` }
    return { outcome: 'malformed', reason: `not JSON: "${excerpt(text)}"` }
  }
  const verdict = classifier.shape?.({ json, text }) ?? { outcome: 'ok', reason: 'HTTP 200' }
  return { ...verdict, json }
}

function zipForm(body: Buffer): Verdict {
  if (body.subarray(0, 2).toString('latin1') !== 'PK')
    return { outcome: 'malformed', reason: `no zip: "${excerpt(body.subarray(0, 200).toString('utf8'))}"` }
  // The central directory stands at the end; without it the file was cut.
  const tail = body.subarray(Math.max(0, body.length - 65_557))
  if (tail.lastIndexOf('PK\u0005\u0006', undefined, 'latin1') === -1)
    return { outcome: 'truncated', reason: 'the zip has no central directory' }
  return { outcome: 'ok', reason: 'HTTP 200' }
}

/**
 * Bytes against Content-Length, for bodies that were not packed. The transport has checked packed ones before
 * it unpacked them.
 */
function lengthFault({ headers, body }: Answer): Verdict | undefined {
  const stated = headers['content-length']
  if (stated === undefined || headers['content-encoding'] !== undefined || !/^\d+$/.test(stated))
    return undefined
  if (Number(stated) === body.length) return undefined
  return { outcome: 'truncated', reason: `${body.length} bytes of ${stated} that Content-Length stated` }
}

const looksLikeMarkup = (head: string): boolean => head.replace(/^\uFEFF/, '').startsWith('<')
const looksLikePage = (head: string): boolean => /^(?:\uFEFF)?<(?:!doctype html|html)/i.test(head)

/**
 * The first words of a body on one line. Redacted before it is cut: half a key is a leak too, and no longer
 * recognized.
 */
function excerpt(text: string): string {
  const line = redact(text.slice(0, 4096).replace(/\s+/g, ' ').trim())
  return line.length > 160 ? `${line.slice(0, 160)}…` : line
}
