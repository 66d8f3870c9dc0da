// npm's y-socket.io provider, as applications use it: text goes in by one process, and must come
// out of all of them alike.
//
// y_socket_io.mjs URL DOCUMENT NUMBER EDITS: as ydoc.mjs. It also prints whose awareness
// states it knows.
import { createInterface } from 'node:readline'
import { SocketIOProvider } from 'y-socket.io'
import * as Y from 'yjs'
import { typeAtRandom } from './typing.mjs'

const [url, name, number, edits, token] = process.argv.slice(2)
const doc = new Y.Doc()
const text = doc.getText('text')
const lines = createInterface({ input: process.stdin })
const provider = new SocketIOProvider(url, name, doc, { disableBc: true, auth: { token } })
provider.on('connection-error', error => console.log('refused ' + error.message))
provider.socket.on('sync-nack', nack => console.log('nack ' + JSON.stringify(nack)))
provider.awareness.setLocalState({ user: { name: `u${number}` }, cursor: { anchor: 0, head: 0 } })

const synced = async () => {
  if (!provider.synced) await new Promise(resolve => provider.once('sync', resolve))
}
await synced()
await typeAtRandom(text, number, Number(edits), {
  moved: place => provider.awareness.setLocalStateField('cursor', { anchor: place, head: place }),
  away: async type => {
    provider.socket.disconnect()
    type()
    provider.socket.connect()
    await new Promise(resolve => provider.once('sync', resolve))
  },
})
// Answered in order: everything before has arrived.
const settle = () => provider.socket.emitWithAck('sync-step-1', Y.encodeStateVector(doc))
await settle()
console.log('edited')
for await (const line of lines) {
  Y.applyUpdate(doc, new Uint8Array(await settle()))
  const names = [...provider.awareness.getStates().values()].map(state => state.user?.name)
  console.log(JSON.stringify([text.toString(), names.sort()]))
  if (line === 'end') break
}
provider.socket.disconnect()
process.exit(0)
