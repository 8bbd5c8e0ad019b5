import type { Check } from '../../pipeline/job.ts'
export const suspiciousPriceChecks: readonly Check[] = []
