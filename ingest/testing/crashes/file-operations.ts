import fs from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

/** `torn` writes the first half of the bytes; an operation that writes none is not done at all. */
export const MOMENTS = ['before', 'torn', 'after'] as const
export type Moment = (typeof MOMENTS)[number]

export interface FilePoint {
  /** 1 is the first operation. */
  readonly operation: number
  readonly moment: Moment
}

class CrashError extends Error {
  override name = 'CrashError'
}

/** As they are: after the crash, the others do nothing. */
const { closeSync, statSync, truncateSync } = fs

type Call = (...args: unknown[]) => unknown
type Functions = Record<string, Call>

/** What changes a folder. Opening for reading is left out below; writing without a path counts by handle. */
const BY_PATH = [
  ...['open', 'writeFile', 'appendFile', 'rename', 'rm', 'unlink', 'link', 'symlink', 'mkdir'],
  ...['copyFile', 'truncate', 'utimes'],
]
const BY_HANDLE = ['write', 'writev', 'writeFile', 'appendFile', 'sync', 'truncate']
const BY_NUMBER = ['write', 'writev', 'fsync', 'ftruncate']

/** Half of what a call writes. `args` as the call has them, with or without the path or handle in front. */
function halved(args: readonly unknown[]): unknown[] {
  const at = args.findIndex((each) => each instanceof Uint8Array || Array.isArray(each))
  const text = args.findLastIndex((each, index) => typeof each === 'string' && index < 2)
  const data = at === -1 ? args[text] : args[at]
  if (typeof data === 'string') return args.with(text, data.slice(0, data.length >> 1))
  if (Array.isArray(data)) return args.with(at, data.slice(0, data.length >> 1))
  const bytes = data as Uint8Array
  // A write of a part of a buffer: the offset, then perhaps the length.
  const offset = typeof args[at + 1] === 'number' ? (args[at + 1] as number) : 0
  const length = typeof args[at + 2] === 'number' ? (args[at + 2] as number) : bytes.length - offset
  const half = args.with(at, bytes.subarray(0, offset + (length >> 1)))
  return typeof args[at + 2] === 'number' ? half.with(at + 2, length >> 1) : half
}

/**
 * Counts the operations of this process that change a folder, and ends the work at one of them as a kill of
 * the process would: from then on nothing changes there, so that no `finally` repairs anything. What was
 * written before stays: this is the loss of a process, not of a disk's cache.
 */
export class FileCrash {
  readonly #undo: (() => void)[] = []
  readonly #handles = new Set<unknown>()
  #root = ''
  #point: FilePoint | undefined
  #is_dead = false
  operations: string[] = []

  /** `folder` is one that may be written. */
  static async in(folder: string): Promise<FileCrash> {
    const file = join(folder, 'handle')
    const handle = await open(file, 'w')
    const prototype = Object.getPrototypeOf(handle) as Functions
    await handle.close()
    await rm(file)
    return new FileCrash(prototype)
  }

  private constructor(handles: Functions) {
    const promises = fs.promises as unknown as Functions
    const calls = fs as unknown as Functions
    for (const name of BY_PATH) {
      this.#replace(promises, name, 'promise')
      this.#replace(calls, name, 'callback')
      this.#replace(calls, `${name}Sync`, 'sync')
    }
    this.#forgetClosed(calls, 'close')
    this.#forgetClosed(calls, 'closeSync')
    for (const name of BY_HANDLE) this.#replace(handles, name, 'promise')
    for (const name of BY_NUMBER) {
      this.#replace(calls, name, 'callback')
      this.#replace(calls, `${name}Sync`, 'sync')
    }
    syncBuiltinESMExports()
  }

  undo(): void {
    for (const undo of this.#undo) undo()
    syncBuiltinESMExports()
  }

  /** Does the work, whose operations below `root` count, and crashes at the point. Returns whether it did. */
  async during(root: string, point: FilePoint | undefined, work: () => Promise<void>): Promise<boolean> {
    this.#root = root
    this.#point = point
    this.#is_dead = false
    this.operations = []
    try {
      await work()
    } catch (error) {
      if (!this.#is_dead) throw error
    } finally {
      this.#root = ''
      await this.#closeHandles()
    }
    return this.#is_dead
  }

  #replace(owner: Functions, name: string, kind: 'promise' | 'callback' | 'sync'): void {
    const original = owner[name]
    if (original === undefined) return
    const crash = this
    owner[name] = function (this: unknown, ...args: unknown[]): unknown {
      if (!crash.#isCounted(this, name, args)) return original.apply(this, args)
      return crash.#call(kind, name, (given) => original.apply(this, given), args)
    }
    this.#undo.push(() => {
      owner[name] = original
    })
  }

  /** A number of a file that is closed is given to another file. */
  #forgetClosed(owner: Functions, name: string): void {
    const original = owner[name] as Call
    owner[name] = (...args) => {
      this.#handles.delete(args[0])
      return original(...args)
    }
    this.#undo.push(() => {
      owner[name] = original
    })
  }

  /** As the end of a process does. */
  async #closeHandles(): Promise<void> {
    for (const handle of this.#handles) {
      if (typeof handle === 'number') closeSync(handle)
      else if (isOpen(handle)) await handle.close()
    }
    this.#handles.clear()
  }

  #isCounted(self: unknown, name: string, args: readonly unknown[]): boolean {
    if (this.#root === '') return false
    if (this.#handles.has(self) || this.#handles.has(args[0])) return true
    const isBelow = args.some((each) => typeof each === 'string' && each.startsWith(this.#root))
    return isBelow && !(name.startsWith('open') && isForReading(args[1]))
  }

  #call(
    kind: 'promise' | 'callback' | 'sync',
    name: string,
    original: (args: unknown[]) => unknown,
    args: readonly unknown[],
  ): unknown {
    const error = new CrashError('The process has crashed.')
    const isHere = !this.#is_dead && this.operations.push(name) === this.#point?.operation
    const isTorn = isHere && this.#point?.moment === 'torn' && /write|append|copyFile/i.test(name)
    const isDone = !this.#is_dead && (!isHere || isTorn || this.#point?.moment === 'after')
    if (isHere) this.#is_dead = true
    const isCopy = name === 'copyFile'
    const given = isTorn && !isCopy ? halved(args) : [...args]
    const remember = (opened: unknown): unknown => {
      if (name.startsWith('open') && opened !== undefined) this.#handles.add(opened)
      return opened
    }
    if (kind === 'sync') {
      const result = isDone ? remember(original(given)) : undefined
      if (this.#is_dead) throw error
      return result
    }
    if (kind === 'promise') {
      const done = isDone ? (original(given) as Promise<unknown>) : Promise.resolve()
      return done.then((result) => {
        if (isTorn && isCopy) truncateSync(String(args[1]), statSync(String(args[1])).size >> 1)
        if (isDone) remember(result)
        if (isHere || !isDone) throw error
        return result
      })
    }
    const callback = args.at(-1) as (error: unknown, ...rest: unknown[]) => void
    const ended: typeof callback = (fault, ...rest) => {
      if (isDone) remember(rest[0])
      if (isHere || !isDone) callback(error)
      else callback(fault, ...rest)
    }
    if (isDone) return original([...given.slice(0, -1), ended])
    return process.nextTick(ended)
  }
}

const isOpen = (handle: unknown): handle is FileHandle => (handle as FileHandle).fd !== -1
const isForReading = (flags: unknown): boolean =>
  flags === undefined || flags === 'r' || flags === fs.constants.O_RDONLY || typeof flags === 'function'
