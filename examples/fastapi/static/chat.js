// The conversation: one Socket.IO connection, and what is said on it.

import * as view from "./view.js";

const $ = (id) => document.getElementById(id);
const TYPING_RESENT = 2000; // ms; who has typed and stopped is forgotten after twice this
const ANSWER_WITHIN = 10000; // ms

const socket = io({ path: "/ws/socket.io", autoConnect: false, auth: (give) => give({ name: me }) });

let me = sessionStorage.getItem("name") ?? ""; // one name to a tab, so two tabs are two people
let wanted = decodeURIComponent(location.hash.slice(1)) || "lobby";
let room = null; // the one we are in, once the server has said so
let rooms = [];
const typists = new Map(); // name -> timer that forgets it

// Connection
function showConnection() {
  const state = socket.connected ? "connected" : socket.active ? "connecting" : "disconnected";
  view.showConnection(state, socket.connected ? socket.io.engine.transport.name : null);
}

socket.io.on("open", () => socket.io.engine.on("upgrade", showConnection));
socket.io.on("reconnect_attempt", showConnection);

socket.on("connect", () => {
  showConnection();
  if (wanted) join(wanted);
});

socket.on("disconnect", () => {
  setRoom(null);
  showConnection();
});

socket.on("connect_error", (error) => {
  showConnection();
  if (!socket.active) view.welcome(error.message); // the server refused us
});

// Rooms and people
async function join(name) {
  wanted = name;
  const answer = await ask("join", name);
  if (!answer) return;
  setRoom(answer.room);
  view.clearLog();
  answer.history.forEach((message) => view.showMessage(message, message.from === me));
  view.showNotice(`You joined ${room}`);
  $("text").focus();
}

async function leave() {
  wanted = null;
  if (!(await ask("leave"))) return;
  view.showNotice(`You left ${room}`);
  setRoom(null);
}

function setRoom(name) {
  room = name;
  if (name) history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  for (const person of [...typists.keys()]) setTyping(person, false);
  if (!name) view.showPeople([]);
  view.showRoom(name);
  view.showRooms(rooms, room, join);
}

socket.on("rooms", (list) => {
  rooms = list;
  view.showRooms(rooms, room, join);
});

socket.on("members", ({ people, joined, left }) => {
  view.showPeople(people);
  if (!room) return; // our own arrival: the answer to "join" shows it
  if (joined) view.showNotice(`${joined} joined`);
  if (left) {
    setTyping(left, false);
    view.showNotice(`${left} left`);
  }
});

// Messages
async function send(text) {
  const shown = view.showMessage({ from: me, text, at: Date.now() / 1000 }, true);
  shown.classList.add("pending");
  const answer = await ask("message", text);
  shown.classList.remove("pending");
  if (!answer) shown.classList.add("failed");
}

socket.on("message", (message) => {
  setTyping(message.from, false);
  view.showMessage(message, false);
});

// The server's answer, or nothing after showing what went wrong.
async function ask(event, ...args) {
  try {
    const answer = await socket.timeout(ANSWER_WITHIN).emitWithAck(event, ...args);
    view.showProblem(answer.error);
    return answer.error ? undefined : answer;
  } catch {
    view.showProblem("The server did not answer.");
  }
}

// Typing
let saidTyping = 0; // when we last said that we type; 0: not typing

function sayTyping(active) {
  const now = Date.now();
  if (active ? now - saidTyping < TYPING_RESENT : !saidTyping) return;
  saidTyping = active ? now : 0;
  socket.emit("typing", active);
}

function setTyping(name, active) {
  clearTimeout(typists.get(name));
  if (active) typists.set(name, setTimeout(() => setTyping(name, false), 2 * TYPING_RESENT));
  else typists.delete(name);
  view.showTyping([...typists.keys()]);
}

socket.on("typing", ({ name, active }) => setTyping(name, active));

// What the user does
$("text").addEventListener("input", (event) => sayTyping(event.target.value !== ""));
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("compose").requestSubmit();
});

$("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || !room) return;
  $("text").value = "";
  sayTyping(false);
  send(text);
});

$("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = event.target.querySelector("input");
  join(input.value);
  input.value = "";
});

$("leave").addEventListener("click", leave);

$("welcome").addEventListener("cancel", (event) => event.preventDefault());
$("enter").addEventListener("submit", () => {
  me = $("name").value.trim();
  wanted = $("room").value;
  sessionStorage.setItem("name", me);
  socket.connect();
  showConnection();
});

view.showRoom(null);
showConnection();
$("name").value = me;
$("room").value = wanted;
if (me) socket.connect();
else view.welcome();
