// What a run of the simulated market needs to know before, or without, loading the market itself.

/**
 * So many times quicker than the real providers is the simulated market of a rehearsal: its limits are
 * higher, and waits after a failure shorter.
 */
export const REHEARSAL_HASTE = 50

/** The moment at which the market of a rehearsal stands: the morning in New York after its last session. */
export const REHEARSAL_MOMENT = new Date('2025-01-04T12:00:00Z')
