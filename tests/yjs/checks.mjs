// What must hold of a history whatever the relay made of it. Each check returns what is wrong.
import { contents, deleteSet, folded, load, pending, skeleton } from './document.mjs'
import { Y, roots } from './history.mjs'
import { DROP_DELETED, SQUASH } from './tool.mjs'

export const MODES = { plain: 0, squash: SQUASH, 'squash+drop': SQUASH | DROP_DELETED }

// Nobody types U+FFFD: where it is, a pair was cut.
const REPLACEMENT = Buffer.from('\uFFFD')
const hasCutPair = log => log.some(update => Buffer.from(update).includes(REPLACEMENT))

const vector = bytes => JSON.stringify([...Y.decodeStateVector(bytes)].sort(([a], [b]) => a - b))

const same = (left, right, fold) => left === right || (fold && folded(left) === folded(right))

// With `fold`, pairs may be cut in the one and not in the other.
function compare(wrong, what, expected, doc, fold = false) {
  if (!same(contents(doc), contents(expected), fold)) wrong.push(`${what}: contents`)
  if (skeleton(doc) !== skeleton(expected)) wrong.push(`${what}: state vector or delete set`)
  if (!Y.equalSnapshots(Y.snapshot(doc), Y.snapshot(expected))) wrong.push(`${what}: snapshot`)
  if (pending(doc) !== pending(expected)) wrong.push(`${what}: pending`)
}

// One merge of everything, and what it says of itself.
async function wholeMerge(tool, { log, gc }, expected, mode, sizes) {
  const wrong = []
  const merged = await tool.merge(log, MODES[mode])
  sizes[mode] = merged.length
  compare(wrong, `merge, ${mode}`, expected, load([merged], gc))
  if (deleteSet([merged]) !== deleteSet(log)) wrong.push(`merge, ${mode}: its delete set`)
  if (vector(await tool.stateVector(merged)) !== vector(Y.encodeStateVectorFromUpdate(merged))) {
    wrong.push(`merge, ${mode}: its state vector`)
  }
  const again = await tool.merge([merged], MODES[mode])
  if (Buffer.compare(Buffer.from(again), Buffer.from(merged)) !== 0) {
    wrong.push(`merge, ${mode}: another one changes it`)
  }
  if (!(await tool.covered([merged], merged))) wrong.push(`merge, ${mode}: does not cover itself`)
  for (const update of log) {
    if (!(await tool.covered([merged], update))) wrong.push(`merge, ${mode}: does not cover all`)
  }
  return wrong
}

// Merges of merges of random lots, in random order, in random modes.
async function mergedMerges(tool, { log, gc }, expected, random) {
  const wrong = []
  let updates = random.shuffled(log)
  while (updates.length > 1) {
    const lots = random.lots(updates)
    updates = random.shuffled(
      await Promise.all(lots.map(lot => tool.merge(lot, MODES[random.pick(Object.keys(MODES))])))
    )
  }
  compare(wrong, 'merges of merges', expected, load(updates, gc), hasCutPair(log))
  if (deleteSet(updates) !== deleteSet(log)) wrong.push('merges of merges: delete set')
  return wrong
}

// A snapshot of the first ones, and the others as they came.
async function prefixAndTail(tool, { log, gc }, expected, random) {
  const wrong = []
  const cut = random.below(log.length + 1)
  const prefix = await tool.merge(log.slice(0, cut), MODES[random.pick(Object.keys(MODES))])
  const tail = log.slice(cut)
  compare(wrong, 'prefix and tail', expected, load([prefix, ...tail], gc))
  const shuffled = random.shuffled([prefix, ...tail])
  compare(wrong, 'prefix and shuffled tail', expected, load(shuffled, gc), hasCutPair(log))
  return wrong
}

// What is sent to one that has some, and to one that says it has nothing.
async function differences(tool, { log, gc, peers }, expected, random) {
  const wrong = []
  const state = await tool.merge(log, MODES[random.pick(Object.keys(MODES))])
  const some = log.filter(() => random.chance(0.5))
  const partial = load(some, gc)
  const missing = await tool.diff(state, Y.encodeStateVector(partial))
  compare(wrong, 'diff to a part', expected, load([...some, missing], gc), hasCutPair(log))
  const all = await tool.diff(state, new Uint8Array([0]))
  compare(wrong, 'diff to nothing', expected, load([all], gc))
  for (const peer of peers) {
    const known = Y.encodeStateVector(peer.doc)
    const [ours, theirs] = [await tool.diff(state, known), Y.diffUpdate(state, known)]
    const [left, right] = [ours, theirs].map(update => Y.decodeUpdate(update).structs.map(shape).join())
    if (left !== right) wrong.push('diff to a peer: other structs than yjs')
  }
  return wrong
}

const shape = struct => `${struct.constructor.name} ${struct.id.client} ${struct.id.clock} ${struct.length}`

// An update is lost, and comes after all: what waits for it is neither forgotten nor shown.
async function lostUpdate(tool, { log, gc }, expected, random) {
  const wrong = []
  const mode = random.pick(Object.keys(MODES))
  const fold = hasCutPair(log)
  const lost = random.below(log.length)
  const rest = log.filter((_, i) => i !== lost)
  const merged = await tool.merge(random.chance(0.5) ? rest : random.shuffled(rest), MODES[mode])
  compare(wrong, `lost update, ${mode}`, load(rest, gc), load([merged], gc), fold)
  compare(wrong, `lost update that came, ${mode}`, expected, load([merged, log[lost]], gc), fold)
  const mended = await tool.merge([merged, log[lost]], MODES[mode])
  compare(wrong, `lost update merged, ${mode}`, expected, load([mended], gc), fold)
  const [known, all] = [load(log.slice(0, lost), gc), await tool.merge(log, MODES[mode])]
  const behind = await tool.diff(merged, Y.encodeStateVector(known))
  const both = load([Y.encodeStateAsUpdate(known), behind, log[lost]], gc)
  compare(wrong, `lost update, ${mode}, diff`, load([Y.encodeStateAsUpdate(known), all], gc), both, fold)
  return wrong
}

// The whole, given to an editor that went its own way. An editor cleans formats up as updates come,
// so what it shows may depend on how they were packed: yjs's own three ways differ, and ours must
// be like one of them.
async function liveEditor(tool, { log, peers }, _expected, random, sizes) {
  const { doc: live } = random.pick(peers)
  const apply = updates => {
    const copy = new Y.Doc({ gc: live.gc })
    copy.clientID = 1
    roots(copy)
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(live))
    for (const update of updates) Y.applyUpdate(copy, update)
    return contents(copy)
  }
  const theirs = [log, [Y.encodeStateAsUpdate(load(log, live.gc))], [Y.mergeUpdates(log)]].map(apply)
  if (new Set(theirs).size > 1) sizes.disagreed = 1
  const wrong = []
  for (const [mode, flags] of Object.entries(MODES)) {
    if (!theirs.includes(apply([await tool.merge(log, flags)]))) wrong.push(`live editor, ${mode}`)
  }
  return wrong
}

// All that is wrong with one history; `sizes` is told what it came to.
export async function judge(tool, made, random, sizes) {
  const expected = load(made.log, made.gc)
  const wrong = []
  for (const mode of Object.keys(MODES)) {
    wrong.push(...(await wholeMerge(tool, made, expected, mode, sizes)))
  }
  for (const check of [mergedMerges, prefixAndTail, differences, lostUpdate, liveEditor]) {
    wrong.push(...(await check(tool, made, expected, random, sizes)))
  }
  sizes.updates = made.log.length
  sizes.raw = made.log.reduce((sum, update) => sum + update.length, 0)
  sizes.yjs = Y.mergeUpdates(made.log).length
  sizes.state = Y.encodeStateAsUpdate(expected).length
  sizes.pending = pending(expected) ? 1 : 0
  sizes.cutPairs = hasCutPair(made.log) ? 1 : 0
  return wrong
}
