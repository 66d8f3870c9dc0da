// What two documents, or two updates, are compared by.
import { Y } from './history.mjs'

function plain(value) {
  if (value instanceof Y.Doc) return { document: value.guid }
  if (value instanceof Y.XmlText || value instanceof Y.Text) {
    return { text: value.toDelta().map(part => ({ ...part, insert: plain(part.insert) })) }
  }
  if (value instanceof Y.XmlHook || value instanceof Y.Map) {
    return { map: sorted([...value.entries()].map(([key, each]) => [key, plain(each)])) }
  }
  if (value instanceof Y.XmlElement) {
    return {
      element: value.nodeName,
      attributes: sorted(Object.entries(value.getAttributes())),
      children: value.toArray().map(plain)
    }
  }
  if (value instanceof Y.AbstractType) return { list: value.toArray().map(plain) }
  if (value instanceof Uint8Array) return { bytes: [...value] }
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (value === undefined) return { undefined: true }
  if (Array.isArray(value)) return value.map(plain)
  if (value !== null && typeof value === 'object') {
    return { object: sorted(Object.entries(value).map(([key, each]) => [key, plain(each)])) }
  }
  return value
}

const sorted = entries => entries.sort(([left], [right]) => (left < right ? -1 : 1))

// All that a reader sees, as one text. The types are made only now: one that is there when an
// update comes may change the document, by cleaning up its formats.
export function contents(doc) {
  return JSON.stringify({
    text: plain(doc.getText('text')),
    map: plain(doc.getMap('map')),
    array: plain(doc.getArray('array')),
    xml: plain(doc.getXmlFragment('xml')),
    t: plain(doc.getText('t'))
  })
}

// All that it is made of: its state vector and its deletes, as one text.
export function skeleton(doc) {
  const snapshot = Y.snapshot(doc)
  return JSON.stringify({
    vector: [...snapshot.sv].filter(([, clock]) => clock > 0).sort(([left], [right]) => left - right),
    deletes: deletes(snapshot.ds)
  })
}

// With every surrogate pair as it is when it was cut. An editor may cut one without telling others,
// as when it looks for the end of a format, and then says so only in a whole state: what others see
// depends on which update came first, with yjs alone too.
export const folded = text => text.replace(/[\u{10000}-\u{10FFFF}]/gu, '\uFFFD\uFFFD')

export const pending = doc => doc.store.pendingStructs !== null || doc.store.pendingDs !== null

function deletes(set) {
  return [...set.clients]
    .filter(([, ranges]) => ranges.length > 0)
    .sort(([left], [right]) => left - right)
    .map(([client, ranges]) => [client, ranges.map(({ clock, len }) => [clock, len])])
}

// The delete set of updates, as one text.
export function deleteSet(updates) {
  return JSON.stringify(deletes(Y.mergeDeleteSets(updates.map(update => Y.decodeUpdate(update).ds))))
}

// A document that was given these at once.
export function load(updates, gc = true) {
  const doc = new Y.Doc({ gc })
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
  return doc
}
