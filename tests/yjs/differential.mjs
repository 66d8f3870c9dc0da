// Compares the update algebra with yjs on random histories:
//   node differential.mjs TOOL [HISTORIES [FIRST_SEED]]
// Writes a line for each history that shows a difference, and one of JSON with the sums. A history
// is its seed: with HISTORIES 1 and the seed it is made again.
import { judge } from './checks.mjs'
import { history } from './history.mjs'
import { Random } from './random.mjs'
import { Refused, Tool } from './tool.mjs'

const [path, histories = '200', firstSeed = '1'] = process.argv.slice(2)
const tool = new Tool(path)
const sums = { histories: Number(histories), differences: 0 }
const began = performance.now()
for (let i = 0; i < sums.histories; i++) {
  const seed = Number(firstSeed) + i
  const random = new Random(seed)
  const made = history(random)
  if (made.log.length === 0) continue
  const sizes = {}
  let wrong
  try {
    wrong = await judge(tool, made, random, sizes)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    wrong = [`refused: ${error.message}`]
  }
  for (const [name, size] of Object.entries(sizes)) sums[name] = (sums[name] ?? 0) + size
  if (wrong.length > 0) {
    sums.differences++
    console.log(`seed ${seed}: ${wrong.join('; ')}`)
  }
}
sums.seconds = Math.round((performance.now() - began) / 100) / 10
console.log(JSON.stringify(sums))
await tool.end()
