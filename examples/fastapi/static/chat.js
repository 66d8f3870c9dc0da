// What is said in the room: messages of people, and answers of models that grow while we read.

import { $, element, face, number } from "./dom.js";
import { ask, me, socket } from "./session.js";

const TYPING_RESENT = 2000; // ms

const streams = new Map(); // name of the stream -> {seq, text, item}

export function startChat(models) {
  $("model").append(...models.map(({ name, about }) => new Option(`${name} (${about})`, name)));
  $("model").value = sessionStorage.getItem("model") ?? "";
  $("model").onchange = () => sessionStorage.setItem("model", $("model").value);

  $("text").addEventListener("input", () => sayTyping($("text").value !== ""));
  $("text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("compose").requestSubmit();
  });
  $("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("text").value.trim();
    if (!text) return;
    $("text").value = "";
    sayTyping(false);
    send(text, $("model").value || undefined);
  });
}

// After joining, for the first time or again: all that is known, and what is being said.
export function showHistory({ messages, answering }) {
  const known = new Map(streams);
  streams.clear();
  $("log").replaceChildren();
  if (!messages.length && !answering.length) {
    $("log").append(element("li.empty", {}, "Nobody has said anything yet. Say hello, or pick a model and ask it."));
  }
  messages.forEach(showMessage);
  for (const answer of answering) {
    const { seq, text } = known.get(answer.stream) ?? { seq: 0, text: "" };
    beginAnswer(answer, seq, text);
    socket.emit("stream:resume", { stream: answer.stream, seq });
  }
  $("log").scrollTop = $("log").scrollHeight;
}

// Messages
async function send(text, model) {
  const shown = showMessage({ user: me(), text, at: Date.now() / 1000 });
  shown.classList.add("pending");
  $("log").scrollTop = $("log").scrollHeight;
  const answer = await ask("say", { text, model });
  shown.classList.remove("pending");
  if (answer) return;
  shown.classList.add("failed");
  shown.append(element("p.cost", {}, "Not sent"));
}

socket.on("message", showMessage);

function showMessage({ user, text, at, model, input, output, stopped }) {
  const item = messageItem(model ?? user, at, Boolean(model));
  item.querySelector(".body").textContent = text;
  if (model) endAnswer(item, { user, input, output, stopped });
  append(item);
  return item;
}

function messageItem(by, at, isModel) {
  const mine = !isModel && by === me();
  const time = new Date(at * 1000);
  const item = element(
    `li.message${mine ? ".mine" : ""}${isModel ? ".model" : ""}`,
    { "data-by": by },
    isModel ? element("span.face", { "aria-hidden": "true" }, "✦") : face(by),
    element(
      "p.by",
      {},
      element("b", {}, mine ? "You" : by),
      element("time", { datetime: time.toISOString() }, time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
    ),
    element("p.body"),
  );
  const before = $("log").lastElementChild;
  if (!isModel && before?.dataset.by === by && !before.classList.contains("model")) item.classList.add("more");
  return item;
}

function append(item) {
  const log = $("log");
  log.querySelector(".empty")?.remove();
  staying(() => log.append(item));
}

// Somebody who reads further up is not pulled away.
function staying(change) {
  const log = $("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  change();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

// Answers
socket.on("answer:began", (answer) => beginAnswer(answer, 0, ""));

function beginAnswer({ stream, model, at, user }, seq, text) {
  const item = messageItem(model, at, true);
  const stop = element("button.stop", { type: "button" }, "Stop");
  stop.onclick = () => {
    stop.disabled = true;
    socket.emit("stream:cancel", { stream });
  };
  item.classList.add("streaming");
  item.ariaBusy = "true"; // read out once it is whole
  item.append(element("p.cost", {}, element("span", {}, `for ${user}`), stop));
  streams.set(stream, { seq, text, item });
  append(item);
  grow(streams.get(stream));
}

function grow({ item, text }) {
  item.querySelector(".body").textContent = text;
  const tokens = text ? text.trim().split(/\s+/).length : 0;
  item.querySelector(".cost span").textContent = tokens ? `${tokens} tokens` : "thinking…";
}

socket.on("answer", (piece) => {
  const at = streams.get(piece.stream);
  if (!at || piece.after < at.seq) return; // of another room, or known
  if (piece.after > at.seq) return socket.emit("stream:resume", { stream: piece.stream, seq: at.seq });
  at.text += piece.text;
  at.seq = piece.seq;
  staying(() => grow(at));
});

socket.on("answer:ended", ({ stream, message }) => {
  const at = streams.get(stream);
  if (!at) return;
  streams.delete(stream);
  staying(() => {
    at.item.querySelector(".body").textContent = message.text;
    endAnswer(at.item, message);
  });
});

function endAnswer(item, { user, input, output, stopped }) {
  item.classList.remove("streaming");
  item.ariaBusy = null;
  item.querySelector(".cost")?.remove();
  const cost = element("p.cost", { "data-input": input, "data-output": output });
  cost.textContent = `${number(input)} in · ${number(output)} out · for ${user}${stopped ? " · stopped" : ""}`;
  item.append(cost);
}

// Typing
let saidTyping = 0; // when we last said that we type; 0: not typing

function sayTyping(active) {
  const now = Date.now();
  if (active ? now - saidTyping < TYPING_RESENT : !saidTyping) return;
  saidTyping = active ? now : 0;
  socket.emit("typing", active);
}
