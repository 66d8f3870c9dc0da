// Small helpers of all pages.

export const $ = (id) => document.getElementById(id);

// element("p.by", {title: "…"}, "text", child…). Text is never HTML: names and words are strangers'.
export function element(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const hue = (name) => [...name].reduce((sum, each) => (sum * 31 + each.codePointAt(0)) % 360, 211);

// Somebody has one colour everywhere: of the cursor, and of the face.
export const colour = (name) => `oklch(0.56 0.14 ${hue(name)})`;
export const paleColour = (name) => `oklch(0.65 0.14 ${hue(name)} / .25)`;

export function face(name) {
  const made = element("span.face", { "aria-hidden": "true" }, [...name][0].toUpperCase());
  made.style.background = colour(name);
  return made;
}

export const number = (value) => value.toLocaleString("en");

let hides;

export function say(problem) {
  const toast = $("toast");
  toast.textContent = problem ?? "";
  toast.classList.toggle("shown", Boolean(problem));
  clearTimeout(hides);
  if (problem) hides = setTimeout(() => say(), 6000);
}
