// Open WebUI's collaboration in its own words, with a real Yjs document: text goes in by one
// process, and must come out of all of them alike.
//
// ydoc.mjs URL DOCUMENT NUMBER EDITS: connects, joins, makes EDITS changes at random places (with a
// reconnect in the middle), tells so on a line "edited", and prints what it has, as JSON, for each
// line on its standard input. The line "end" ends it.
import { io } from 'socket.io-client'
import { createInterface } from 'node:readline'
import * as Y from 'yjs'
import { typeAtRandom } from './typing.mjs'

const [url, name, number, edits] = process.argv.slice(2)
const doc = new Y.Doc()
const text = doc.getText('text')
const socket = io(url, { transports: ['websocket'], reconnectionDelay: 10 })
let synced = false

socket.on('connect', () => {
  synced = false
  socket.emit('ydoc:document:join', { document_id: name, user_id: `u${number}` })
})
socket.on('ydoc:document:state', ({ document_id, state }) => {
  if (document_id !== name) return
  Y.applyUpdate(doc, new Uint8Array(state), 'server')
  synced = true
  // What was typed while the connection was away: Open WebUI's editor does not send it.
  send(Y.encodeStateAsUpdate(doc))
  wake?.()
})
socket.on('ydoc:document:update', ({ document_id, update, socket_id }) => {
  if (document_id === name && socket_id !== socket.id)
    Y.applyUpdate(doc, new Uint8Array(update), 'server')
})
socket.on('ydoc:nack', nack => console.log('nack ' + JSON.stringify(nack)))

const send = update =>
  socket.emit('ydoc:document:update', {
    document_id: name,
    user_id: `u${number}`,
    socket_id: socket.id,
    update: Array.from(update),
    data: { content: { md: text.toString(), html: '', json: null } },
  })

let wake = null
const whenSynced = async () => {
  while (!synced) await new Promise(resolve => (wake = resolve))
}

doc.on('update', (update, origin) => {
  if (origin !== 'server' && synced) send(update)
})

await whenSynced()
await typeAtRandom(text, number, Number(edits), {
  away: async type => {
    synced = false
    socket.disconnect()
    type()
    socket.connect()
    await whenSynced()
  },
})
// Answered in order: everything before has arrived.
await socket.emitWithAck('ydoc:document:state', { document_id: name })
console.log('edited')
for await (const line of createInterface({ input: process.stdin })) {
  await socket.emitWithAck('ydoc:document:state', { document_id: name })
  console.log(JSON.stringify([text.toString()]))
  if (line === 'end') break
}
socket.disconnect()
process.exit(0)
