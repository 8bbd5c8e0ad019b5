import type { Check } from '../../pipeline/job.ts'
export const suspiciousActionChecks: readonly Check[] = []
