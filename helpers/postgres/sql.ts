import { escapeIdentifier, escapeLiteral } from 'pg'

/** Any name as SQL, in double quotes: the databases that we back up need not be ours. */
export const quoteIdentifier = (name: string): string => escapeIdentifier(name)

/**
 * Any text as SQL, for statements that take no parameters (`create database`, `comment on`). Right whatever
 * `standard_conforming_strings` is.
 */
export const quoteLiteral = (text: string): string => escapeLiteral(text)
