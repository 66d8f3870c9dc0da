// Models that everybody sees change, and what the server measures.
import { SocketService } from "./socket_service.js";

const $ = (selector) => document.querySelector(selector);
const service = new SocketService();
const { socket } = service;
const models = new Map(); // name -> state of its llama server

function button(text, event, data) {
  const made = Object.assign(document.createElement("button"), { textContent: text });
  made.onclick = () => ask(event, data);
  return made;
}

function show() {
  $("#models").replaceChildren(...[...models].sort().map(([name, state]) => {
    const item = document.createElement("li");
    item.append(`${name} – ${state}`);
    if (state === "stopped") item.append(button("Start", "llama:start", { model: name }));
    if (state === "running") item.append(button("Stop", "llama:stop", { model: name }));
    item.append(button("Delete", "models:delete", { name }));
    return item;
  }));
}

async function ask(event, ...data) {
  $("#problem").textContent = "";
  try {
    return await service.ask(event, ...data);
  } catch (error) {
    $("#problem").textContent = error.message;
  }
}

async function load() {
  const [listed, running] = [await ask("models:list"), await ask("llama:status")];
  models.clear();
  for (const name of Object.keys(listed?.models ?? {})) models.set(name, running?.processes[name] ?? "stopped");
  show();
  const subscribed = await ask("metrics:subscribe", { interval: 2000 });
  if (subscribed) measured(subscribed);
}

function measured({ data }) {
  $("#metrics").textContent = `${data.models} models, ${data.cpu_seconds.toFixed(1)} s of CPU time`;
}

// The handlers are there from here on, after each reconnect too.
socket.on("connection:ready", () => { $("#connection").textContent = "connected"; load(); });
socket.on("disconnect", (reason) => { $("#connection").textContent = reason; });
socket.on("models:created", ({ name }) => { models.set(name, "stopped"); show(); });
socket.on("models:deleted", ({ name }) => { models.delete(name); show(); });
socket.on("models:scanned", load);
socket.on("process:state", ({ model, state }) => { models.set(model, state); show(); });
socket.on("metrics:update", measured);
socket.onAny((event, data) => {
  if (event !== "metrics:update") $("#events").textContent = `${event} ${JSON.stringify(data)}\n${$("#events").textContent}`.slice(0, 2000);
});

$("#scan").onclick = () => ask("models:scan");
$("#new").onsubmit = async (event) => {
  event.preventDefault();
  const { name } = event.target.elements;
  if (await ask("models:create", { name: name.value })) name.value = "";
};
