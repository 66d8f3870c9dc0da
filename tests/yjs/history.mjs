// Random histories: what several editors of one document do, each seeing some of what the others
// did, and what they send to a relay.
import { createRequire } from 'node:module'

const require = createRequire(new URL('../interop/package.json', import.meta.url))
export const Y = require('yjs')

const CHARACTERS = [...'abcdefghij     ', 'é', 'ß', '漢', '字', '😀', '👩‍👩‍👧', '🏳️‍🌈', '😀', '\u0301', '\n', '"', '\\']
const WORDS = ['hello', 'the quick brown fox', 'Ünïcödé', '😀😀', '漢字かな', 'x'.repeat(40), '😀'.repeat(30)]
const FORMATS = [{ bold: true }, { italic: true }, { bold: null }, { color: 'red' }, { color: null }]
const KEYS = ['a', 'b', 'c', 'long key with spaces', 'schlüssel']

function value(random) {
  return random.pick([
    () => random.below(1000),
    () => -random.below(2 ** 31),
    () => random.next(),
    () => 1.5,
    () => 2 ** 40,
    () => random.pick(WORDS),
    () => true,
    () => false,
    () => null,
    () => [1, 'two', [3, {}]],
    () => ({ key: random.pick(WORDS), deep: { list: [null, false] } }),
    () => new Uint8Array([0, 255, 128])
  ])()
}

function text(random) {
  if (random.chance(0.2)) return random.pick(WORDS)
  let made = ''
  for (let left = random.between(1, 4); left > 0; left--) made += random.pick(CHARACTERS)
  return made
}

function newType(random) {
  const make = random.pick([Y.Map, Y.Array, Y.Text, Y.XmlElement, Y.XmlText, Y.XmlFragment, Y.XmlHook])
  if (make === Y.XmlElement) return new Y.XmlElement(random.pick(['p', 'h1', 'div']))
  if (make === Y.XmlHook) return new Y.XmlHook('hook')
  const made = new make()
  if (random.chance(0.5)) {
    if (made instanceof Y.Text) made.insert(0, text(random))
    else if (made instanceof Y.Array) made.push([value(random), value(random)])
    else if (made instanceof Y.Map) made.set(random.pick(KEYS), value(random))
  }
  return made
}

const subdocument = random => new Y.Doc({ guid: `sub-${random.below(1e9)}`, meta: { a: 1 } })

function content(random) {
  if (random.chance(0.15)) return newType(random)
  if (random.chance(0.02)) return subdocument(random)
  return value(random)
}

// Where a surrogate pair begins, rather than within it.
function besidePair(type, at) {
  const units = type.toDelta().map(part => (typeof part.insert === 'string' ? part.insert : ' ')).join('')
  return /[\uDC00-\uDFFF]/.test(units.charAt(at)) && /[\uD800-\uDBFF]/.test(units.charAt(at - 1)) ? at - 1 : at
}

const cursors = new WeakMap() // of each text of each editor, behind what it typed last

function editText(type, random) {
  const length = type.length
  const place = found => (random.cutsPairs ? found : besidePair(type, found)) // in UTF-16 units
  // Often where it wrote before, or where all others write too without having seen each other.
  const somewhere = random.below(random.chance(0.4) ? Math.min(length, 3) + 1 : length + 1)
  const before = Math.min(cursors.get(type) ?? somewhere, length)
  const at = place(random.chance(0.4) ? before : somewhere)
  const end = place(at + random.between(1, Math.max(1, Math.min(5, length - at))))
  const many = Math.max(end - at, random.cutsPairs || end > at ? 1 : 2) // at least the pair
  const kind = random.oneText && random.chance(0.7) ? 0.6 : random.next()
  if (length > 0 && at < length && kind < 0.25) type.delete(at, Math.min(random.chance(0.1) ? 35 : many, length - at))
  else if (length > 0 && at < length && kind < 0.4) type.format(at, Math.min(many, length - at), random.pick(FORMATS))
  else if (kind < 0.45) type.insertEmbed(at, { image: random.pick(WORDS) }, random.chance(0.3) ? { bold: true } : undefined)
  else if (kind < 0.47) type.insertEmbed(at, newType(random))
  else if (kind < 0.55) type.insert(at, text(random), random.pick(FORMATS))
  else if (kind < 0.75) {
    // Typing, a character at a time, with a mistake now and then.
    let here = at
    for (let left = random.oneText ? 1 : random.between(1, 12); left > 0; left--) {
      const typed = random.pick(CHARACTERS)
      type.insert(here, typed)
      here += typed.length
      if (random.chance(0.15)) {
        const back = random.cutsPairs ? 1 : Math.min(typed.length, 2)
        type.delete((here -= back), back)
      }
    }
    cursors.set(type, here)
  } else type.insert(at, text(random))
}

function editArray(type, random) {
  const at = random.below(random.chance(0.4) ? Math.min(type.length, 2) + 1 : type.length + 1)
  const kind = random.next()
  if (at < type.length && kind < 0.35) type.delete(at, random.between(1, Math.min(3, type.length - at)))
  else if (kind < 0.55) type.push([value(random)])
  else type.insert(at, Array.from({ length: random.between(1, 4) }, () => content(random)))
}

function editMap(type, random) {
  if (random.chance(0.2)) type.delete(random.pick(KEYS))
  else if (random.chance(0.1)) type.set(random.pick(KEYS), random.pick([undefined, -(2n ** 63n)])) // only here
  else type.set(random.pick(KEYS), content(random))
}

function editXml(type, random) {
  const kind = random.next()
  if (type instanceof Y.XmlElement && kind < 0.25) {
    type.setAttribute(random.pick(['id', 'class']), random.pick(WORDS))
  } else if (type instanceof Y.XmlElement && kind < 0.3) {
    type.removeAttribute('id')
  } else if (type.length > 0 && kind < 0.5) {
    type.delete(random.below(type.length), 1)
  } else {
    const at = random.below(type.length + 1)
    type.insert(at, [random.chance(0.5) ? new Y.XmlElement('p') : new Y.XmlText(text(random))])
  }
}

function edit(type, random) {
  if (type instanceof Y.Text) editText(type, random) // XmlText too
  else if (type instanceof Y.Array) editArray(type, random)
  else if (type instanceof Y.XmlHook || type instanceof Y.Map) editMap(type, random)
  else editXml(type, random)
}

export const roots = doc => [
  doc.getText('text'),
  doc.getMap('map'),
  doc.getArray('array'),
  doc.getXmlFragment('xml'),
  doc.getText('t')
]

function children(type) {
  if (type instanceof Y.XmlHook || type instanceof Y.Map) return [...type.values()]
  if (type instanceof Y.Text) return type.toDelta().map(part => part.insert)
  return type.toArray()
}

// Any type in the document, root or nested.
function someType(doc, random) {
  let found = random.oneText ? doc.getText('text') : random.pick(roots(doc))
  while (random.chance(0.5)) {
    const inside = children(found).filter(child => child instanceof Y.AbstractType)
    if (inside.length === 0) break
    found = random.pick(inside)
  }
  return found
}

class Peer {
  constructor(random, gc, send) {
    this.random = random
    this.doc = new Y.Doc({ gc })
    this.doc.clientID = random.between(1, 2 ** 32 - 1)
    this.inbox = []
    this.undo = new Y.UndoManager(roots(this.doc), { captureTimeout: 0 })
    this.doc.on('update', (update, origin) => {
      if (origin !== 'remote') send(this, update)
    })
  }

  act() {
    const kind = this.random.next()
    if (kind < 0.06) this.undo.undo()
    else if (kind < 0.09) this.undo.redo()
    else if (kind < 0.3) {
      this.doc.transact(() => {
        for (let left = this.random.between(1, 5); left > 0; left--) edit(someType(this.doc, this.random), this.random)
      })
    } else edit(someType(this.doc, this.random), this.random)
  }

  // Some of what has come, in some order.
  receive() {
    if (this.random.chance(0.3)) this.inbox = this.random.shuffled(this.inbox)
    const many = this.random.chance(0.3) ? this.inbox.length : this.random.below(this.inbox.length + 1)
    for (const update of this.inbox.splice(0, many)) Y.applyUpdate(this.doc, update, 'remote')
  }
}

// What a relay is sent, in its order: {peers, log}.
export function history(random) {
  const log = []
  const peers = []
  random.cutsPairs = random.chance(0.3)
  random.oneText = random.chance(0.2) // in which all type, a character at a time
  const send = (from, update) => {
    log.push(update)
    for (const peer of peers) if (peer !== from) peer.inbox.push(update)
  }
  const collect = random.pick([() => true, () => false, () => random.chance(0.5)])
  for (let left = random.between(2, 5); left > 0; left--) peers.push(new Peer(random, collect(), send))
  for (let left = random.between(5, 120); left > 0; left--) {
    const peer = random.pick(peers)
    const kind = random.next()
    if (kind < (random.oneText ? 0.5 : 0.75)) peer.act()
    else if (kind < 0.93) peer.receive()
    else {
      // What one answers to another's, or the relay's, state vector: collected structs, too.
      const known = random.chance(0.4) ? undefined : Y.encodeStateVector(random.pick(peers).doc)
      const update = Y.encodeStateAsUpdate(peer.doc, known)
      if (random.chance(0.5)) log.push(update)
      else Y.applyUpdate(random.pick(peers).doc, update, 'remote')
    }
  }
  return { peers, log, gc: peers[0].doc.gc }
}
