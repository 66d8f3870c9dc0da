// The rooms, and who is in ours: presence as the server tells it.

import { $, element, face } from "./dom.js";
import { me, socket } from "./session.js";

const FACES = 5; // shown at the top

const entries = new Map(); // key of the user -> their tabs, as the server has them
let topic = null;
let rooms = [];
let current = null;
let pick = () => {};

export function startRooms(onPick) {
  pick = onPick;
  socket.on("rooms", (list) => showRooms(list));
}

export function showRooms(list = rooms, room = current) {
  rooms = list;
  current = room;
  $("rooms").replaceChildren(
    ...list.map(({ name, people }) => {
      const count = element("span.count", {}, people ? String(people) : "");
      if (people) count.ariaLabel = `${people} here`;
      const button = element("button", name === room ? { "aria-current": "true" } : {}, element("span", {}, name), count);
      button.onclick = () => pick(name);
      return element("li", {}, button);
    }),
  );
}

socket.on("presence:state", (state) => {
  topic = state.topic;
  entries.clear();
  for (const [key, tabs] of Object.entries(state.presences)) entries.set(key, tabs);
  showPeople();
});

socket.on("presence:diff", (diff) => {
  if (diff.topic !== topic) return;
  for (const [key, gone] of Object.entries(diff.leaves)) without(key, gone);
  for (const [key, come] of Object.entries(diff.joins)) {
    without(key, come); // who has changed comes again
    entries.set(key, [...(entries.get(key) ?? []), ...come]);
  }
  showPeople();
});

function without(key, some) {
  const refs = new Set(some.map(({ ref }) => ref));
  const left = (entries.get(key) ?? []).filter(({ ref }) => !refs.has(ref));
  if (left.length) entries.set(key, left);
  else entries.delete(key);
}

function showPeople() {
  const names = [...entries.keys()].sort((a, b) => (b === me()) - (a === me()) || a.localeCompare(b));
  $("people").replaceChildren(
    ...names.map((name) => {
      const tabs = entries.get(name).length;
      const shown = element("li", {}, face(name), element("span.name", {}, name));
      const notes = [name === me() && "you", tabs > 1 && `${tabs} tabs`].filter(Boolean);
      if (notes.length) shown.append(element("span.note", {}, notes.join(" · ")));
      return shown;
    }),
  );
  const more = names.length - FACES;
  $("faces").replaceChildren(
    ...names.slice(0, FACES).map((name) => element("li", { title: name }, face(name))),
    ...(more > 0 ? [element("li.more", {}, `+${more}`)] : []),
  );
  const typists = names.filter((name) => name !== me() && entries.get(name).some(({ meta }) => meta?.typing));
  const some = typists.length > 2 ? `${typists.length} people` : typists.join(" and ");
  $("typing").textContent = typists.length ? `${some} ${typists.length > 1 ? "are" : "is"} typing…` : "";
}
