// A random number generator that gives the same again for the same seed (mulberry32).
export class Random {
  constructor(seed) {
    this.state = seed >>> 0
  }

  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  // From 0 to below the bound.
  below(bound) {
    return Math.floor(this.next() * bound)
  }

  between(low, high) {
    return low + this.below(high - low + 1)
  }

  chance(probability) {
    return this.next() < probability
  }

  pick(values) {
    return values[this.below(values.length)]
  }

  shuffled(values) {
    const made = [...values]
    for (let i = made.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[made[i], made[j]] = [made[j], made[i]]
    }
    return made
  }

  // The values in consecutive lots, none empty.
  lots(values) {
    const made = []
    for (let i = 0; i < values.length; ) {
      const size = this.between(1, Math.max(2, Math.ceil(values.length / 3)))
      made.push(values.slice(i, i + size))
      i += size
    }
    return made
  }
}
