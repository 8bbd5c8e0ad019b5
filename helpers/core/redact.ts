/**
 * The one sink through which text leaves the process: log lines, journal, JUnit, pages, error messages,
 * archived headers. Redaction goes by value: whatever was registered as a secret disappears in every form
 * that it is likely to take (plain, URL-encoded, base64, base64url, as part of a basic-auth pair). A password
 * in an address or a connection string disappears even if it was not registered.
 */
// One registry a process: the test runner loads its configuration and its tests as separate copies of this
// module.
const REGISTRY = Symbol.for('stocks-research.secrets')
const shared = globalThis as typeof globalThis & { [REGISTRY]?: Map<string, string> }
shared[REGISTRY] ??= new Map()
const forms: Map<string, string> = shared[REGISTRY]

// Shorter values would black out ordinary words; such a secret protects nothing anyway.
const SECRET_CHARACTERS_MIN = 4

/**
 * Registers `value` under a `name` that may be shown in its place. Empty and very short values are ignored.
 */
export function registerSecret(name: string, value: string | undefined): void {
  if (value === undefined || value.length < SECRET_CHARACTERS_MIN) return
  const label = `[redacted ${name}]`
  const bytes = Buffer.from(value, 'utf8')
  const json = JSON.stringify(value).slice(1, -1)
  for (const form of [
    value,
    encodeURIComponent(value),
    encodeURI(value),
    json,
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ]) {
    if (form.length >= SECRET_CHARACTERS_MIN) forms.set(form, label)
  }
}

/** `text` without any registered secret. */
export function redact(text: string): string {
  let clean = text
  // Longest first, so that a secret which contains another one leaves no remainder.
  for (const [form, label] of [...forms].toSorted(([a], [b]) => b.length - a.length))
    clean = clean.replaceAll(form, label)
  return clean.replaceAll(IN_ADDRESS, '$1:[redacted]@').replaceAll(IN_CONNINFO, '$1=[redacted]')
}

/** A password that nobody registered: in an address, or in the words of a connection string. */
const IN_ADDRESS = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,100}):[^\s/?#]{1,4096}@/gi
const IN_CONNINFO = /\b((?:pg)?password)=(?!\[redacted)(?:'(?:\\.|[^'\\])+'|[^\s&'"]+)/gi

/** A deep copy of plain data with every string, key included, redacted. */
export function redactDeep<T>(value: T): T {
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map((each) => redactDeep(each)) as T
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [redact(key), redactDeep(each)]),
    ) as T
  }
  return value
}

/** Forgets every secret. For tests. */
export function forgetSecrets(): void {
  forms.clear()
}
