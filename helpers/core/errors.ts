/**
 * Every error that we throw on purpose. A message says what failed, on what, and what to do next;
 * the fields say the same to code. `transient` answers one question: may the same call succeed later?
 */
export abstract class StocksError extends Error {
  abstract readonly transient: boolean
  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options)
  }
  override get name(): string {
    return this.constructor.name
  }
}

/** The configuration is not fit to start. Lists every fault at once. */
export class ConfigError extends StocksError {
  readonly transient = false
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`
    super(
      [
        `The configuration has ${count}:`,
        ...faults.map((fault) => `  - ${fault}`),
        'See .env.example and bootstrap.json.',
      ].join('\n'),
    )
    this.faults = faults
  }
}

/**
 * The world is not as a run needs it: a tool is missing, a server does not answer, a lock is held. Nothing
 * was touched.
 */
export class PreconditionError extends StocksError {
  readonly transient = false
}

/**
 * An act was refused because it could destroy what we did not make or cannot restore. Nothing was touched.
 */
export class RefusedError extends StocksError {
  readonly transient = false
}

/** PostgreSQL refused a statement. Keeps the driver's error as `cause`. */
export class DatabaseError extends StocksError {
  readonly transient: boolean
  readonly sqlstate: string | undefined
  /** `said`: the fault is the server's, not the statement's. Its reason is the first line, then the advice. */
  constructor(
    doing: string,
    cause: Error & { code?: string; detail?: string; where?: string },
    said?: { readonly first: string; readonly advice: string },
  ) {
    const detail = cause.detail === undefined ? '' : ` (${cause.detail})`
    const text =
      said === undefined
        ? `PostgreSQL refused to ${doing}: ${cause.message}${detail}`
        : `${said.first}\n${said.advice}\nThe product was about to ${doing}.`
    super(text, { cause })
    this.sqlstate = cause.code
    // Connection, serialization, resources, shutdown, and a socket that broke.
    this.transient = cause.code !== undefined && /^(08|40|53|57P|ECONN|EPIPE|ETIMEDOUT)/.test(cause.code)
  }
}

/** A file or a response is not what its format promises. Says where. */
export class FormatError extends StocksError {
  readonly transient = false
}

/** A proof did not hold: a hash differs, an archive cannot be read, a restored table is not equal. */
export class VerificationError extends StocksError {
  readonly transient = false
}

/**
 * Control characters written out: a file's bytes may be part of a message, and neither a terminal nor
 * PostgreSQL shall obey them.
 */
const printable = (text: string): string => text.replace(CONTROLS, hexOf)

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
const hexOf = (control: string): string => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`

/** `error.message`, or the thrown thing as text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
