const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}$/

/**
 * `<folder>/<name>`. Only plain names of our own are accepted: no `..`, no names that differ only by case, no
 * reserved words of an operating system.
 */
export function remotePath(folder: string, name: string): string {
  const parts = name.split('/')
  const bad = parts.find((part) => !PART.test(part) || part.includes('..') || part.endsWith('.'))
  if (bad !== undefined)
    throw new TypeError(
      `"${name}" is not a name for a remote file: ` +
        `"${bad}" must be letters, digits, dots, dashes and underscores.`,
    )
  return `${folder}/${parts.join('/')}`
}
