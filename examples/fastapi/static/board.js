// The usage board: sums, a chart that is drawn by hand, and whose the tokens are.

import { $, colour, element, number } from "./dom.js";
import { ask, socket } from "./session.js";

const SECONDS = 60;
const SVG = "http://www.w3.org/2000/svg";
const LEFT = 40; // px, of the scale
const TOP = 8;
const BOTTOM = 22;

let models = []; // names, in the order of their colours
let picture = null; // what the server has told last
let span = "second";
let clock = null;
const none = () => Array.from({ length: SECONDS }, () => ({}));
let seconds = none(); // what has been counted in each of the last: {model: tokens}

export function startBoard(list) {
  models = list.map(({ name }) => name);
  for (const button of document.querySelectorAll("[data-span]")) {
    button.onclick = () => {
      span = button.dataset.span;
      for (const each of document.querySelectorAll("[data-span]")) each.ariaPressed = String(each === button);
      draw();
    };
  }
  new ResizeObserver(draw).observe($("chart"));
}

// While it is looked at, the server tells us; afterwards it does not.
export async function watchBoard() {
  socket.emit("watch", "usage");
  seconds = none();
  clearInterval(clock);
  let begun = Math.floor(Date.now() / 1000);
  clock = setInterval(() => {
    // A window behind others is not called each second.
    for (const now = Math.floor(Date.now() / 1000); begun < now; begun += 1) seconds.push({});
    seconds = seconds.slice(-SECONDS);
    draw();
  }, 1000);
  picture = null;
  const first = await ask("board");
  if (first) show(first);
}

export function leaveBoard() {
  socket.emit("unwatch", "usage");
  clearInterval(clock);
}

socket.on("board", (told) => show(told));
socket.on("models", ({ models: inUse }) => {
  if (picture) showModels((picture = { ...picture, in_use: inUse }));
});

function show(told) {
  for (const name of picture ? models : []) {
    const counted = told.models[name].total - picture.models[name].total;
    if (counted) seconds.at(-1)[name] = (seconds.at(-1)[name] ?? 0) + counted;
  }
  picture = told;
  for (const shown of $("sums").querySelectorAll("[data-sum]")) {
    shown.textContent = number(models.reduce((sum, name) => sum + told.models[name][shown.dataset.sum], 0));
  }
  showModels(told);
  showUsers(told.users);
  const { used, limit } = told.today;
  $("today").textContent = `${number(used)} of ${number(limit)} tokens used today.`;
  draw();
}

function showModels({ models: sums, in_use }) {
  $("models").tBodies[0].replaceChildren(
    ...models.map((name, place) => {
      const used = in_use.includes(name);
      const title = element("th", { scope: "row" }, element(`i.swatch.m${place}`), name);
      if (used) title.append(element("span.live", {}, "answering"));
      const { input, output, total } = sums[name];
      return element("tr", {}, title, ...[input, output, total].map((each) => element("td", {}, number(each))));
    }),
  );
}

function showUsers(users) {
  const all = users.reduce((sum, [, total]) => sum + total, 0);
  $("users-empty").hidden = all > 0;
  $("users").replaceChildren(
    ...users.map(([name, total]) => {
      const share = all ? (100 * total) / all : 0;
      const bar = element("i");
      bar.style.width = `${share}%`;
      bar.style.background = colour(name);
      return element("li", {},
        element("span.name", {}, name),
        element("span.value", {}, `${number(total)} · ${Math.round(share)} %`),
        element("span.bar", {}, bar));
    }),
  );
}

// The chart: a bar for each second or minute, the models on top of each other.
function draw() {
  const columns = span === "second"
    ? seconds.map((each) => models.map((name) => each[name] ?? 0))
    : Array.from({ length: 60 }, (_, at) => models.map((name) => picture?.minutes[name][at] ?? 0));
  const sums = columns.map((column) => column.reduce((a, b) => a + b, 0));
  const all = sums.reduce((a, b) => a + b, 0);
  const top = niceTop(Math.max(...sums));
  const { width, height } = $("chart").getBoundingClientRect();
  const y = (value) => height - BOTTOM - (height - BOTTOM - TOP) * (value / top);
  const step = (width - LEFT) / columns.length;

  const drawn = [];
  for (const value of [0, top / 2, top]) {
    drawn.push(shape("line", { class: "grid", x1: LEFT, x2: width, y1: y(value), y2: y(value) }));
    drawn.push(shape("text", { x: LEFT - 10, y: y(value) + 4, "text-anchor": "end" }, number(value)));
  }
  columns.forEach((column, at) => {
    let below = 0;
    column.forEach((value, model) => {
      if (!value) return;
      drawn.push(shape("rect", {
        class: `m${model}`, x: LEFT + at * step + 1, width: Math.max(step - 2, 1), rx: 1.5,
        y: y(below + value), height: y(below) - y(below + value),
      }));
      below += value;
    });
  });
  const unit = span === "second" ? "s" : "min";
  for (const ago of [60, 45, 30, 15, 0]) {
    const anchor = { 60: "start", 0: "end" }[ago] ?? "middle";
    const x = LEFT + (60 - ago) * step;
    drawn.push(shape("text", { x, y: height - 4, "text-anchor": anchor }, ago ? `−${ago} ${unit}` : "now"));
  }
  $("chart").setAttribute("aria-label", `${number(all)} tokens in the last ${span === "second" ? "minute" : "hour"}`);
  $("chart").replaceChildren(...drawn);
  $("chart-empty").hidden = all > 0;
}

function shape(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

// 10, 20, 50, 100, …: the lines have round numbers, and the scale does not jump at every bar.
function niceTop(most) {
  let top = 10;
  for (let at = 0; top < most; at += 1) top *= [2, 2.5, 2][at % 3];
  return top;
}
