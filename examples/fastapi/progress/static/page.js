// Shows what the server tells: changes of tickets, how far an import or an upload is, and the chat.
import { io } from "/vendor/editor.js";

const $ = (selector) => document.querySelector(selector);
const userId = new URLSearchParams(location.search).get("user") ?? "guest";
const socket = io({ auth: { userId } });
const tickets = new Map(); // id -> title

const post = (path, body) => fetch(path, {
  method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
});

function show() {
  $("#tickets").replaceChildren(...[...tickets.values()].map((title) =>
    Object.assign(document.createElement("li"), { textContent: title })));
}

async function load() {
  tickets.clear();
  for (const { id, title } of await (await fetch("/api/tickets")).json()) tickets.set(id, title);
  show();
}

socket.on("welcome", () => { $("#connection").textContent = "connected"; load(); });
socket.on("disconnect", (reason) => { $("#connection").textContent = reason; });
socket.on("error", (message) => { $("#problem").textContent = message; });
socket.on("data-changed", ({ type, action, data }) => {
  if (type !== "ticket") return;
  if (action === "deleted") tickets.delete(data.id);
  else tickets.set(data.id, data.title);
  show();
});
socket.on("operation-started", ({ totalSteps }) => Object.assign($("#operation"), { max: totalSteps, value: 0 }));
socket.on("operation-progress", ({ currentStep }) => { $("#operation").value = currentStep; });
socket.on("upload-progress", ({ progress }) => { $("#upload").value = progress; });
socket.onAny((event, data) => {
  $("#events").textContent = `${event} ${JSON.stringify(data)}\n${$("#events").textContent}`.slice(0, 2000);
});

$("#new").onsubmit = (event) => {
  event.preventDefault();
  post("/api/tickets", { title: event.target.elements.title.value });
  event.target.reset();
};
$("#import").onclick = () => post("/api/tickets/import", {
  titles: Array.from({ length: 10 }, (_, number) => `Imported ticket ${number + 1}`),
});
$("#file").onchange = async ({ target: { files: [file] } }) => {
  const answer = await socket.emitWithAck("start-upload", { name: file.name, file: await file.arrayBuffer() });
  $("#uploaded").textContent = answer.success ? `SHA-256 ${answer.sha256}` : answer.error;
};
$("#chat").onsubmit = (event) => {
  event.preventDefault();
  socket.emit("chat-message", { text: event.target.elements.text.value });
  event.target.reset();
};
