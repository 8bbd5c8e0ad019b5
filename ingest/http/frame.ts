import { messageOf } from '../../helpers/errors.ts'
import { redact } from '../../helpers/redact.ts'
import { isUnclosed, parseJson, type TextJson } from './json.ts'
import type { Answer, Verdict } from './outcome.ts'
import { matchPattern } from './patterns.ts'

/** What a request is promised to give back. */
export type Expectation = 'json' | 'text' | 'zip'

export interface Classifier {
  readonly provider: string
  readonly expects: Expectation
  /** Looks at a body that is well-formed: are the required keys there, is there anything in it? Undefined = ok. */
  readonly shape?: (content: { readonly json: TextJson; readonly text: string }) => Verdict | undefined
}

// What providers say in an error fits in this; a text that only mentions a quota further down is no error body.
const ERROR_BODY_BYTES_MAX = 16_384

/**
 * Says what an answer is, before anything else looks at it. Order: what the provider is known to say (a status alone proves
 * nothing: a quota comes as 200, a missing file as 403), then the status, then the form of the body, then its shape.
 */
export function classify(answer: Answer, classifier: Classifier): Verdict {
  const { http_status: status, body } = answer
  const head = body.subarray(0, ERROR_BODY_BYTES_MAX).toString('utf8').trim()
  const known = body.length <= ERROR_BODY_BYTES_MAX || status !== 200 ? matchPattern(classifier.provider, status, head) : undefined
  if (known !== undefined) return { ...known, reason: `HTTP ${status}: ${known.reason}` }
  if (status !== 200) return byStatus(status, head, classifier.expects)

  const length = lengthFault(answer)
  if (length !== undefined) return length
  if (body.length === 0) return { outcome: 'malformed', reason: 'HTTP 200 with an empty body' }
  if (classifier.expects === 'zip') return zipForm(body)
  if (looksLikeMarkup(head))
    return { outcome: 'malformed', reason: `a page of markup in place of ${classifier.expects}: «${excerpt(head)}»` }
  if (classifier.expects === 'text') {
    const text = body.toString('utf8')
    if (text.includes('\u0000')) return { outcome: 'malformed', reason: 'binary bytes in place of text' }
    return classifier.shape?.({ json: null, text }) ?? { outcome: 'ok', reason: 'HTTP 200' }
  }
  return jsonForm(body.toString('utf8'), classifier)
}

function byStatus(status: number, head: string, expects: Expectation): Verdict {
  const reason = `HTTP ${status}${head === '' ? '' : `: ${excerpt(head)}`}`
  if (status === 204) return { outcome: 'empty', reason }
  if (status === 401 || status === 407) return { outcome: 'auth', reason }
  if (status === 402) return { outcome: 'quota', reason }
  if (status === 403 || status === 451) return { outcome: 'entitlement', reason }
  // A page of markup for a missing item is a wrong address or a proxy: «not found» must be the provider's own word.
  if (status === 404 || status === 410) return { outcome: expects !== 'zip' && looksLikePage(head) ? 'malformed' : 'not_found', reason }
  if (status === 429) return { outcome: 'throttled', reason }
  if (status === 408 || status === 413 || status === 425 || status === 499 || status >= 500) return { outcome: 'transient', reason }
  return { outcome: 'malformed', reason }
}

function jsonForm(text: string, classifier: Classifier): Verdict {
  let json: TextJson
  try {
    json = parseJson(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch (error) {
    if (/^[\s\uFEFF]*[[{]/.test(text) && isUnclosed(text))
      return { outcome: 'truncated', reason: `the JSON ends in the middle: ${messageOf(error)}` }
    return { outcome: 'malformed', reason: `not JSON: «${excerpt(text)}»` }
  }
  const verdict = classifier.shape?.({ json, text }) ?? { outcome: 'ok', reason: 'HTTP 200' }
  return { ...verdict, json }
}

function zipForm(body: Buffer): Verdict {
  if (body.subarray(0, 2).toString('latin1') !== 'PK')
    return { outcome: 'malformed', reason: `no zip: «${excerpt(body.subarray(0, 200).toString('utf8'))}»` }
  // The central directory stands at the end; without it the file was cut.
  const tail = body.subarray(Math.max(0, body.length - 65_557))
  if (tail.lastIndexOf('PK\u0005\u0006', undefined, 'latin1') === -1)
    return { outcome: 'truncated', reason: 'the zip has no central directory' }
  return { outcome: 'ok', reason: 'HTTP 200' }
}

/** Bytes against Content-Length, for bodies that were not packed. The transport has checked packed ones before it unpacked them. */
function lengthFault({ headers, body }: Answer): Verdict | undefined {
  const told = headers['content-length']
  if (told === undefined || headers['content-encoding'] !== undefined || !/^\d+$/.test(told)) return undefined
  if (Number(told) === body.length) return undefined
  return { outcome: 'truncated', reason: `${body.length} bytes of ${told} that Content-Length told` }
}

const looksLikeMarkup = (head: string): boolean => head.replace(/^\uFEFF/, '').startsWith('<')
const looksLikePage = (head: string): boolean => /^(?:\uFEFF)?<(?:!doctype html|html)/i.test(head)

/** The first words of a body on one line. Redacted before it is cut: half a key is a leak too, and no longer recognized. */
export function excerpt(text: string): string {
  const line = redact(text.slice(0, 4096).replace(/\s+/g, ' ').trim())
  return line.length > 160 ? `${line.slice(0, 160)}…` : line
}
