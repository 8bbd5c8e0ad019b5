import { misspelled } from '../../helpers/config/variables.ts'
import { registerSecret } from '../../helpers/core/redact.ts'
import type { Adapter, Credentials, Variable } from '../adapter/declaration.ts'
import { ADAPTERS } from './registry.ts'

const declared: readonly Variable[] = Object.values(ADAPTERS).flatMap(({ variables }) => variables)

/** What the simulated market takes. A replay needs none: it makes no requests. */
export const REHEARSAL_CREDENTIALS: Credentials = Object.fromEntries(
  declared.map(({ name, rehearsal }) => [name, rehearsal]),
)

/**
 * The values of every variable that an adapter declares, from the environment. Secret ones are registered
 * with the redactor.
 */
export function readCredentials(variables: ReadonlyMap<string, string>): Credentials {
  const read = declared.flatMap(({ name, is_secret, off }) => {
    const value = variables.get(name)
    if (is_secret) registerSecret(name, value)
    return value === undefined || value === off ? [] : [[name, value] as const]
  })
  return Object.fromEntries(read)
}

/** What is wrong with the variables that are set: their form, half of a pair, a name that is misspelled. */
export function credentialFaults(variables: ReadonlyMap<string, string>): string[] {
  const names = declared.map(({ name }) => name)
  return [
    ...misspelled(variables.keys(), names),
    ...declared.flatMap((variable) => formFault(variable, variables.get(variable.name))),
    ...Object.values(ADAPTERS).flatMap((adapter) => halfFault(adapter, variables)),
  ]
}

function formFault({ name, form, must_be, is_secret }: Variable, value: string | undefined): string[] {
  if (value === undefined || form.test(value)) return []
  return [`${name} is ${is_secret ? '[redacted]' : `"${value}"`}; it must be ${must_be}`]
}

function halfFault({ name, variables: own }: Adapter, variables: ReadonlyMap<string, string>): string[] {
  const missing = own.filter((variable) => !variables.has(variable.name))
  if (missing.length === 0 || missing.length === own.length) return []
  const all = own.map((variable) => variable.name).join(', ')
  return [`${missing.map((each) => each.name).join(', ')} is not set; ${name} needs all of ${all}`]
}

/** Why a provider cannot be used with `credentials`; undefined when it can. */
export function lackOf({ variables }: Adapter, credentials: Credentials): string | undefined {
  const missing = variables.find(({ name }) => credentials[name] === undefined)
  return missing === undefined ? undefined : `${missing.name} is not set; it must be ${missing.must_be}`
}
