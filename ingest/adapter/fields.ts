/**
 * What becomes of each field of an endpoint: `as` names the field of our record, `ignored` says why it is
 * left.
 */
export type FieldTable = Readonly<Record<string, { readonly as: string } | { readonly ignored: string }>>

export interface UnknownField {
  readonly provider: string
  readonly endpoint: string
  readonly field: string
}

export const as = (name: string): { readonly as: string } => ({ as: name })
export const ignored = (why: string): { readonly ignored: string } => ({ ignored: why })

/**
 * Fields of `object` that no line of `table` speaks of. A provider that adds one is heard of, not silently
 * cut.
 */
function unknownFields(table: FieldTable, object: Readonly<Record<string, unknown>>): string[] {
  const unknown: string[] = []
  for (const field in object) if (!Object.hasOwn(table, field)) unknown.push(field)
  return unknown
}

/** Reports each unknown field of an endpoint once. */
export function fieldWatch(provider: string, report: (field: UnknownField) => void) {
  const reported = new Set<string>()
  return (endpoint: string, table: FieldTable, object: Readonly<Record<string, unknown>>): void => {
    for (const field of unknownFields(table, object)) {
      const name = `${endpoint} ${field}`
      if (reported.has(name)) continue
      reported.add(name)
      report({ provider, endpoint, field })
    }
  }
}
export type FieldWatch = ReturnType<typeof fieldWatch>
