// How an editor of the tests types: at random places, and with a time away in the middle.

// Not within a surrogate pair, as no editor does.
const whole = (text, place) => {
  const unit = text.toString().charCodeAt(place)
  return unit >= 0xdc00 && unit <= 0xdfff ? place + 1 : place
}

// Makes so many changes of a Y.Text. `moved(place)` is called behind each; in the middle of them
// `away(type)` closes the connection, calls `type`, and returns when it is open and synced again.
export const typeAtRandom = async (text, number, edits, { moved = () => {}, away }) => {
  for (let edit = 0; edit < edits; ++edit) {
    const place = whole(text, Math.floor(Math.random() * (text.length + 1)))
    const end = whole(text, Math.min(place + 2, text.length))
    if (text.length > 5 && Math.random() < 0.15) text.delete(place, end - place)
    else text.insert(place, Math.random() < 0.1 ? '😀é' : `${number}`)
    moved(place)
    if (edit === Math.floor(edits / 2)) await away(() => text.insert(0, `[away ${number}]`))
    if (edit % 10 === 0) await new Promise(resolve => setImmediate(resolve))
  }
}
