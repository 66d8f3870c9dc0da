// The page of connection statistics.

import { $, element, number } from "./dom.js";
import { ask, socket } from "./session.js";

let before = null; // {at, updates} for rates
let pinging = null;
let roundTrip = "…";

export async function watchStats() {
  socket.emit("watch", "stats");
  before = null;
  clearInterval(pinging);
  pinging = setInterval(ping, 1000);
  ping();
  const first = await ask("stats");
  if (first) show(first);
}

export function leaveStats() {
  socket.emit("unwatch", "stats");
  clearInterval(pinging);
}

socket.on("stats", (told) => show(told));

async function ping() {
  if (!socket.connected) return;
  const began = performance.now();
  try {
    await socket.timeout(5000).emitWithAck("echo");
  } catch {
    return; // the connection shows it
  }
  const took = performance.now() - began;
  roundTrip = `${took < 10 ? took.toFixed(1) : Math.round(took)} ms`;
  $("counts").querySelector("[data-count=round-trip]")?.replaceChildren(roundTrip);
}

function show(told) {
  const { documents, usage, flow, rooms, doors } = told;
  const at = performance.now();
  const rate = before ? Math.max(0, ((documents.updates - before.updates) * 1000) / (at - before.at)) : 0;
  before = { at, updates: documents.updates };
  figures({
    clients: ["Clients", number(told.clients)],
    people: ["People", number(told.users)],
    rooms: ["Rooms", number(Object.keys(rooms).filter((each) => each.startsWith("room:")).length)],
    documents: ["Documents", number(documents.documents)],
    rate: ["Edits / s", rate < 10 ? rate.toFixed(1) : number(Math.round(rate))],
    "round-trip": ["Round trip", roundTrip],
  });

  const refused = Object.values(documents.refused).reduce((a, b) => a + b, 0);
  $("details").replaceChildren(
    table("Documents", {
      editors: documents.members,
      "bytes in memory": documents.bytes,
      updates: documents.updates,
      "bytes of updates": documents.update_bytes,
      duplicates: documents.duplicates,
      "cursor moves": documents.awareness,
      compactions: documents.compactions,
      refused,
    }),
    table("Connections", {
      ...Object.fromEntries(Object.entries(doors).map(([door, count]) => [`WebSockets by ${door}`, count])),
      "server up": upSince(told.seconds),
      "events over a limit": flow.limited,
      "events that came twice": flow.repeated,
      "emits conflated": flow.conflated,
    }),
    table("Usage", {
      records: usage.records,
      "batches stored": usage.batches,
      "models touched": usage.touches,
      refused: usage.refused,
    }),
    table("Clients in rooms", Object.fromEntries(Object.entries(rooms).sort().map(([name, count]) => [name, count]))),
  );
}

function figures(shown) {
  $("counts").replaceChildren(
    ...Object.entries(shown).map(([name, [title, value]]) =>
      element("div", {}, element("dt", {}, title), element("dd", { "data-count": name }, value))),
  );
}

function table(title, rows) {
  const shown = Object.entries(rows).filter(([, value]) => value !== undefined);
  return element("section.card", {},
    element("h3", {}, title),
    element("table", {}, element("tbody", {}, ...shown.map(([name, value]) =>
      element("tr", {}, element("th", { scope: "row" }, name),
        element("td", {}, typeof value === "number" ? number(value) : value))))));
}

function upSince(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
