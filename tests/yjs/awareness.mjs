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

// A removal is taken by whoever knows the state.
for (const each of others) {
  applyAwarenessUpdate(server, await tool.removals(encodeAwarenessUpdate(each, [each.clientID])), 'remote')
  assert(!server.getStates().has(each.clientID))
}
// An editor that is still here says so with the next clock, and is known again.
const [back] = others
back.setLocalStateField('user', { name: 'back' })
back.setLocalStateField('user', { name: 'still here' })
applyAwarenessUpdate(server, await tool.awareness(encodeAwarenessUpdate(back, [back.clientID])), 'remote')
assert.equal(server.getStates().get(back.clientID).user.name, 'still here')

await assert.rejects(tool.awareness(all.subarray(1)), Refused)
for (const each of editors) each.destroy()
await tool.end()
