// Awareness updates of y-protocols through the tool: node awareness.mjs TOOL. Ends with 1 if
// anything differs.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { Y } from './history.mjs'
import { Refused, Tool } from './tool.mjs'

const require = createRequire(new URL('../interop/package.json', import.meta.url))
const { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } = require('y-protocols/awareness')

const tool = new Tool(process.argv[2])
const editors = [1, 2 ** 32 - 1, 77].map(client => {
  const doc = new Y.Doc()
  doc.clientID = client
  const awareness = new Awareness(doc)
  awareness.setLocalState({ user: { name: `Ünïcödé ${client}`, cursor: null } })
  return awareness
})
const [server, ...others] = editors
for (const each of others) {
  const update = encodeAwarenessUpdate(each, [each.clientID])
  assert.deepEqual(await tool.awareness(update), update)
  applyAwarenessUpdate(server, update, 'remote')
}
const all = encodeAwarenessUpdate(server, [...server.getStates().keys()])
assert.deepEqual(await tool.awareness(all), all)

// So does a removal, which is taken by whoever knows the state.
const [gone] = others
gone.setLocalState(null)
applyAwarenessUpdate(server, await tool.awareness(encodeAwarenessUpdate(gone, [gone.clientID])), 'remote')
assert(!server.getStates().has(gone.clientID))

await assert.rejects(tool.awareness(all.subarray(1)), Refused)
for (const each of editors) each.destroy()
await tool.end()
