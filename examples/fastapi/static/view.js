// What the page shows. Knows nothing of sockets: chat.js tells it what happened.

const $ = (id) => document.getElementById(id);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text; // never innerHTML: names and texts are strangers'
  return made;
}

function avatar(name) {
  const made = element("span", "avatar", [...name][0].toUpperCase());
  made.ariaHidden = "true";
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  made.style.setProperty("--hue", hue);
  return made;
}

function append(item) {
  const log = $("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  log.append(item);
  // Somebody who reads further up is not pulled away; who writes is.
  if (atEnd || item.classList.contains("mine")) log.scrollTop = log.scrollHeight;
}

export function showMessage({ from, text, at }, mine) {
  const item = element("li", mine ? "message mine" : "message");
  const last = $("log").lastElementChild;
  if (last?.dataset.from === from && last.classList.contains("mine") === mine) {
    item.classList.add("more");
  }
  item.dataset.from = from;
  const by = element("p", "by", mine ? "" : `${from} · `);
  const time = new Date(at * 1000);
  const stamp = element("time", "", time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  stamp.dateTime = time.toISOString();
  by.append(stamp);
  item.append(avatar(from), by, element("p", "body", text));
  append(item);
  return item;
}

export function showNotice(text) {
  append(element("li", "notice", text));
}

export function clearLog() {
  $("log").replaceChildren();
}

export function showRooms(rooms, current, onPick) {
  $("rooms").replaceChildren(...rooms.map(({ name, online }) => {
    const button = element("button");
    button.append(element("span", "", name), element("span", "count", online || ""));
    if (online) button.lastChild.ariaLabel = `${online} online`;
    if (name === current) button.ariaCurrent = "true";
    button.onclick = () => onPick(name);
    const item = element("li");
    item.append(button);
    return item;
  }));
}

export function showPeople(names) {
  $("people-count").textContent = names.length;
  $("people").replaceChildren(...names.map((name) => {
    const item = element("li");
    item.append(avatar(name), element("span", "name", name));
    return item;
  }));
}

export function showTyping(names) {
  const some = names.length > 2 ? `${names.length} people` : names.join(" and ");
  $("typing").textContent = names.length ? `${some} ${names.length > 1 ? "are" : "is"} typing…` : "";
}

export function showConnection(state, transport) {
  $("connection").dataset.state = state;
  $("connection-text").textContent = state;
  $("transport").hidden = !transport;
  $("transport").textContent = transport ?? "";
}

export function showRoom(name) {
  $("room-name").textContent = name ?? "no room";
  document.title = name ? `${name} · Chat` : "Chat · sio_native";
  $("text").disabled = $("send").disabled = $("leave").disabled = !name;
}

export function showProblem(text) {
  $("problem").textContent = text ?? "";
  $("problem").hidden = !text;
}

export function welcome(problem) {
  $("refused").textContent = problem ?? "";
  $("refused").hidden = !problem;
  if (!$("welcome").open) $("welcome").showModal();
}
