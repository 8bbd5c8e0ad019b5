/** An element of a parsed XML document. */
export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  readonly text: string
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * Parses the XML that reports are made of: elements, attributes, text, entities. Throws on anything that is
 * not well-formed.
 */
export function parseXml(xml: string): Element {
  const body = xml.replace(/^<\?xml [^?]*\?>\s*/, '')
  const root = { name: '', attributes: {}, children: [] as Element[], text: '' }
  const stack: { name: string; attributes: Record<string, string>; children: Element[]; text: string }[] = [
    root,
  ]
  let position = 0
  for (const match of body.matchAll(/<(\/?)([A-Za-z][\w.-]*)((?:\s+[\w.:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/g)) {
    if (match.index !== position)
      throw new SyntaxError(`not well-formed at ${position}: ${body.slice(position, position + 60)}`)
    position += match[0].length
    const [, closing, name = '', attributes = '', empty, text] = match
    const top = stack.at(-1)
    if (top === undefined) throw new SyntaxError('text after the root element')
    if (text !== undefined) {
      if (stack.length === 1 && text.trim() !== '') throw new SyntaxError('text outside of the root element')
      top.text += decode(text)
    } else if (closing === '/') {
      if (top.name !== name) throw new SyntaxError(`</${name}> closes <${top.name}>`)
      stack.pop()
    } else {
      const element = { name, attributes: attributesOf(attributes), children: [], text: '' }
      top.children.push(element)
      if (empty !== '/') stack.push(element)
    }
  }
  if (position !== body.length || stack.length !== 1 || root.children.length !== 1)
    throw new SyntaxError('the document is not whole')
  return root.children[0] as Element
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w.:-]+)="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, decode(value)] as const,
  )
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length)
    throw new SyntaxError(`an attribute stands twice:${text}`)
  return Object.fromEntries(pairs)
}

function decode(text: string): string {
  return text.replaceAll(/&(#\d+|\w+);|&/g, (whole, name?: string) => {
    const plain = name?.startsWith('#') ? String.fromCodePoint(Number(name.slice(1))) : ENTITIES[name ?? '']
    if (plain === undefined) throw new SyntaxError(`unknown entity ${whole}`)
    return plain
  })
}
