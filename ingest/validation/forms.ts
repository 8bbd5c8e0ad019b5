/** The forms whose facts are used; their amendments have /A at the end. */
const FORMS = ['10-K', '10-Q', '10-KT', '10-QT', '20-F', '40-F', '6-K'] as const

export const PERIODIC_FORMS: readonly string[] = FORMS.flatMap((form) => [form, `${form}/A`])

/** True for a report about the months between two fiscal years. */
export const isTransition = (form: string): boolean => /^10-[KQ]T/.test(form)
