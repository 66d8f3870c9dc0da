// npm's y-websocket provider, as applications use it.
//
// y_websocket.mjs URL DOCUMENT NUMBER EDITS TOKEN: as y_socket_io.mjs.
import { createInterface } from 'node:readline'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { typeAtRandom } from './typing.mjs'

const [url, name, number, edits, token = ''] = process.argv.slice(2)
const doc = new Y.Doc()
const text = doc.getText('text')
const lines = createInterface({ input: process.stdin })
const provider = new WebsocketProvider(url.replace('http', 'ws') + '/collab', name, doc, {
  WebSocketPolyfill: WebSocket,
  disableBc: true,
  params: { token },
  maxBackoffTime: 100,
})
provider.on('closed', ({ code }) => console.log(`closed ${code}`))
console.warn = (...said) => console.log('nack ' + said.join(' ').replace('\n', ' '))
provider.awareness.setLocalState({ user: { name: `u${number}` }, cursor: { anchor: 0, head: 0 } })

const synced = async () => {
  if (!provider.synced) await new Promise(resolve => provider.once('sync', resolve))
}
await synced()
await typeAtRandom(text, number, Number(edits), {
  moved: place => provider.awareness.setLocalStateField('cursor', { anchor: place, head: place }),
  away: async type => {
    provider.disconnect()
    type()
    provider.connect()
    await synced()
  },
})
console.log('edited')
for await (const line of lines) {
  const names = [...provider.awareness.getStates().values()].map(state => state.user?.name)
  console.log(JSON.stringify([text.toString(), names.sort()]))
  if (line === 'end') break
}
provider.destroy()
process.exit(0)
