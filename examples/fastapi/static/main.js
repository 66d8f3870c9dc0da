// Puts the parts together: the address says which room and which page, `#room/page`.

import { leaveBoard, startBoard, watchBoard } from "./board.js";
import { showHistory, startChat } from "./chat.js";
import { closeDocument, openDocument } from "./document.js";
import { $, element, face } from "./dom.js";
import { showRooms, startRooms } from "./rooms.js";
import { ask, me, signOut, socket, startSession } from "./session.js";
import { leaveStats, watchStats } from "./stats.js";

const PAGES = {
  document: {},
  chat: {},
  usage: { open: watchBoard, close: leaveBoard },
  stats: { open: watchStats, close: leaveStats },
};

let room = null;
let view = null;

const named = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 24);

function go(toRoom, toView) {
  location.hash = `${toRoom}/${toView}`;
}

// As the address says.
function follow() {
  const [first, second] = location.hash.slice(1).split("/");
  const toRoom = named(first ?? "") || "lobby";
  const toView = second in PAGES ? second : "document";
  if (!me()) return;
  if (toRoom !== room) {
    room = toRoom;
    $("room-name").textContent = room;
    openDocument(room);
    join();
  }
  if (toView !== view) {
    if (view) PAGES[view].close?.();
    view = toView;
    $("app").dataset.view = view;
    if (socket.connected) PAGES[view].open?.();
  }
  for (const link of document.querySelectorAll("#views a")) {
    link.href = `#${room}/${link.dataset.view}`;
    if (link.dataset.view === view) link.ariaCurrent = "page";
    else link.ariaCurrent = null;
  }
  document.title = `${room} · sio_native`;
  showSide(false);
}

async function join() {
  if (!socket.connected) return; // "connect" comes back here
  const asked = room;
  const answer = await ask("join", asked);
  if (!answer || asked !== room) return;
  showRooms(answer.rooms, room);
  showHistory(answer);
}

socket.on("connect", () => {
  join();
  PAGES[view]?.open?.();
});

// On a phone the rooms come in from the side.
function showSide(shown) {
  $("side").classList.toggle("shown", shown);
  $("shade").hidden = !shown;
  $("rooms-button").ariaExpanded = String(shown);
  if (shown) $("rooms").querySelector("button")?.focus();
}

$("rooms-button").onclick = () => showSide(!$("side").classList.contains("shown"));
$("shade").onclick = () => showSide(false);
document.addEventListener("keydown", (event) => event.key === "Escape" && showSide(false));

$("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = event.target.querySelector("input");
  const name = named(input.value);
  input.value = "";
  if (name) go(name, view);
});

$("sign-out").onclick = () => signOut();

window.addEventListener("hashchange", follow);

const models = await (await fetch("/models")).json();
startChat(models);
startBoard(models);
startRooms((name) => go(name, view));
startSession(
  () => {
    $("me").replaceChildren(face(me()), element("span.name", {}, me()));
    follow();
  },
  () => {
    closeDocument();
    if (view) PAGES[view].close?.();
    room = view = null;
  },
);
