// Asks tests/cpp/features/yjs_tool.cpp, which says how.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export class Refused extends Error {}

export const SQUASH = 1
export const DROP_DELETED = 2

const size = number => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(number)
  return bytes
}

export class Tool {
  constructor(path) {
    this.process = spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.ended = once(this.process, 'exit').then(([code, signal]) => {
      for (const { reject } of this.waiting) reject(new Error(`the tool ended: ${code ?? signal}`))
      return code
    })
    this.waiting = []
    this.received = Buffer.alloc(0)
    this.process.stdout.on('data', data => this.#take(data))
  }

  #take(data) {
    this.received = Buffer.concat([this.received, data])
    while (this.received.length >= 5) {
      const end = 5 + this.received.readUInt32LE(1)
      if (this.received.length < end) return
      const bytes = new Uint8Array(this.received.subarray(5, end))
      const { resolve } = this.waiting.shift()
      resolve({ good: this.received[0] === 1, bytes })
      this.received = this.received.subarray(end)
    }
  }

  #ask(operation, flags, parts) {
    const question = [Buffer.from([operation.charCodeAt(0), flags]), size(parts.length)]
    for (const part of parts) question.push(size(part.length), part)
    this.process.stdin.write(Buffer.concat(question))
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
  }

  async #get(operation, flags, parts) {
    const { good, bytes } = await this.#ask(operation, flags, parts)
    if (!good) throw new Refused(Buffer.from(bytes).toString())
    return bytes
  }

  merge(updates, flags) {
    return this.#get('m', flags, updates)
  }

  diff(state, vector) {
    return this.#get('d', 0, [state, vector])
  }

  stateVector(state) {
    return this.#get('v', 0, [state])
  }

  async covered(known, update) {
    return (await this.#ask('c', 0, [...known, update])).good
  }

  awareness(update) {
    return this.#get('a', 0, [update])
  }

  async end() {
    this.process.stdin.end()
    return this.ended
  }
}
