// Cursors in Open WebUI's editor: ProseMirror with Yjs' own plugins, and an awareness that knows no
// end of a cursor. One that closes its page must leave none behind, and break nothing.
//
// open_webui_cursors.mjs URL PATH TRANSPORT
import assert from 'node:assert/strict'
import { JSDOM } from 'jsdom'
import { io } from 'socket.io-client'

const page = new JSDOM('<body></body>', { pretendToBeVisual: true })
const { window } = page
for (const [name, value] of Object.entries({
  window,
  document: window.document,
  navigator: window.navigator, // Node has one of its own, from version 21 on
  MutationObserver: window.MutationObserver,
  getSelection: () => window.getSelection(),
}))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })

const Y = await import('yjs')
const { EditorState, TextSelection } = await import('prosemirror-state')
const { EditorView } = await import('prosemirror-view')
const { schema } = await import('prosemirror-schema-basic')
const {
  createDecorations,
  defaultAwarenessStateFilter,
  defaultCursorBuilder,
  defaultSelectionBuilder,
  ySyncPlugin,
  yCursorPlugin,
} = await import('y-prosemirror')

const [url, path, transport] = process.argv.slice(2)
const DOCUMENT = 'note:cursors'

// What Open WebUI's does: states by client in JSON, put over those that are known.
class JsonAwareness {
  states = new Map()
  listeners = []

  constructor(doc, tell) {
    this.doc = doc
    this.clientID = doc.clientID
    this.tell = tell
    this.states.set(doc.clientID, {})
  }
  on(event, listener) {
    if (event === 'change') this.listeners.push(listener)
  }
  off(event, listener) {
    this.listeners = this.listeners.filter(each => each !== listener)
  }
  getStates() {
    return this.states
  }
  getLocalState() {
    return this.states.get(this.clientID) ?? null
  }
  setLocalStateField(field, value) {
    this.states.set(this.clientID, { ...this.states.get(this.clientID), [field]: value })
    this.changed([this.clientID])
    const own = { [this.clientID]: this.states.get(this.clientID) }
    this.tell(new TextEncoder().encode(JSON.stringify(own)))
  }
  take(update) {
    const states = JSON.parse(new TextDecoder().decode(update))
    for (const [client, state] of Object.entries(states)) this.states.set(Number(client), state)
    this.changed(Object.keys(states).map(Number))
  }
  changed(updated) {
    for (const each of this.listeners) each({ added: [], updated, removed: [] }, 'server')
  }
}

class Editor {
  constructor(name) {
    this.doc = new Y.Doc()
    this.fragment = this.doc.getXmlFragment('prosemirror')
    this.socket = io(url, { path, transports: [transport], forceNew: true, reconnection: false })
    this.awareness = new JsonAwareness(this.doc, update => this.send('ydoc:awareness:update', update))
    this.name = name
    this.place = document.body.appendChild(document.createElement('div'))
    this.view = new EditorView(this.place, {
      state: EditorState.create({
        schema,
        plugins: [ySyncPlugin(this.fragment), yCursorPlugin(this.awareness)],
      }),
    })
    this.told = 0
    this.socket.on('ydoc:document:update', ({ update }) =>
      Y.applyUpdate(this.doc, new Uint8Array(update), 'server'))
    this.socket.on('ydoc:awareness:update', ({ update }) => {
      this.awareness.take(new Uint8Array(update))
      ++this.told
    })
    this.socket.on('ydoc:nack', nack => assert.fail(JSON.stringify(nack)))
    this.doc.on('update', (update, origin) => {
      if (origin !== 'server') this.send('ydoc:document:update', update)
    })
  }
  send(event, update) {
    if (this.socket.connected)
      this.socket.emit(event, { document_id: DOCUMENT, update: Array.from(update) })
  }
  async join() {
    const state = new Promise(resolve => this.socket.once('ydoc:document:state', resolve))
    if (!this.socket.connected) await new Promise(resolve => this.socket.once('connect', resolve))
    this.socket.emit('ydoc:document:join', { document_id: DOCUMENT, user_id: this.name })
    Y.applyUpdate(this.doc, new Uint8Array((await state).state), 'server')
    this.awareness.setLocalStateField('user', { name: this.name, color: '#ff0000', id: this.socket.id })
  }
  type(text) {
    this.view.dispatch(this.view.state.tr.insertText(text, 1))
  }
  putCursorAt(position) {
    this.view.hasFocus = () => true // jsdom gives it to no editor
    const { tr } = this.view.state
    this.view.dispatch(tr.setSelection(TextSelection.create(tr.doc, position)))
  }
  text() {
    return this.view.state.doc.textContent
  }
  cursors() {
    return [...this.place.querySelectorAll('.ProseMirror-yjs-cursor')].map(each => each.textContent)
  }
}

const until = async (condition, what) => {
  const limit = Date.now() + 20000
  while (!condition()) {
    assert(Date.now() < limit, `not in time: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const failures = []
window.addEventListener('error', ({ error }) => failures.push(error))

const [ann, bob] = [new Editor('ann'), new Editor('bob')]
await ann.join()
await bob.join()
bob.type('hello')
await until(() => ann.text() === 'hello', 'the text')
bob.putCursorAt(3)
await until(() => ann.cursors().some(each => each.includes('bob')), "bob's cursor is drawn")

const before = ann.told
bob.socket.disconnect()
await until(() => ann.told > before, 'ann is told that bob has gone')
await until(() => ann.cursors().length === 0, 'no cursor is drawn')
assert.equal(ann.awareness.getStates().get(bob.doc.clientID).cursor, null)

// The editor goes on, and draws the next one's cursor.
ann.type('still ')
assert.equal(ann.text(), 'still hello')
const carl = new Editor('carl')
await carl.join()
await until(() => carl.text() === 'still hello', 'carl sees the text')
assert.deepEqual(carl.cursors(), [])
carl.putCursorAt(2)
await until(() => ann.cursors().some(each => each.includes('carl')), "carl's cursor is drawn")
assert.equal(ann.cursors().length, 1)
assert.deepEqual(failures, [])

// What this is for: the null that y-protocols has for a cursor's end breaks this editor.
const draw = () =>
  createDecorations(
    ann.view.state,
    ann.awareness,
    defaultAwarenessStateFilter,
    defaultCursorBuilder,
    defaultSelectionBuilder,
  )
draw()
ann.awareness.states.set(bob.doc.clientID, null)
assert.throws(draw, TypeError)
process.exit(0)
