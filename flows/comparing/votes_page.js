(() => {
"use strict";
const held = JSON.parse(document.getElementById("held").textContent);
const { box, post, questions } = held;
const at = (id) => document.getElementById(id);
const views = [at("left"), at("right")];
const place = `ballot ${box} ${questions.length}`;
const look = { zoom: 1, x: 0, y: 0 };
let votes = [];
let done = false;

/* Answers outlive a reload until they are handed in: the next voter at this machine starts afresh. A page opened from disk
   may have no storage. */
function remember() {
  try { localStorage.setItem(place, JSON.stringify(votes)); } catch { /* then they live as long as the page */ }
}
function forget() {
  try { localStorage.removeItem(place); } catch { /* nothing was kept */ }
}
function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(place) ?? "[]");
    const fits = Array.isArray(kept) && kept.every((vote, n) => vote.question === questions[n]?.token);
    votes = fits ? kept : [];
  } catch { votes = []; }
}

/* Both pictures are moved and enlarged together. */
function arrange() {
  for (const view of views) {
    const image = view.querySelector("img");
    if (!image.naturalWidth || !view.clientWidth) continue;
    const fit = Math.min(view.clientWidth / image.naturalWidth, view.clientHeight / image.naturalHeight);
    const scale = Math.min(fit, 4) * look.zoom;
    image.classList.toggle("enlarged", scale > 1.5);
    const dx = look.x * image.naturalWidth * scale - (image.naturalWidth * scale) / 2;
    const dy = look.y * image.naturalHeight * scale - (image.naturalHeight * scale) / 2;
    image.style.transform = `translate(${dx}px, ${dy}px) scale(${scale})`;
    at("scale").textContent = look.zoom === 1 ? "fit" : `fit × ${look.zoom.toFixed(1)}`;
  }
}
function zoom(factor) {
  look.zoom = Math.min(Math.max(look.zoom * factor, 1), 16);
  if (look.zoom === 1) look.x = look.y = 0;
  arrange();
}
function refit() { look.zoom = 1; look.x = look.y = 0; arrange(); }
function drag(view, event) {
  const image = view.querySelector("img").getBoundingClientRect();
  const hold = { x: event.clientX, y: event.clientY, fromX: look.x, fromY: look.y };
  view.setPointerCapture(event.pointerId);
  view.onpointermove = (move) => {
    look.x = hold.fromX + (move.clientX - hold.x) / image.width;
    look.y = hold.fromY + (move.clientY - hold.y) / image.height;
    arrange();
  };
}

let flicking = 0;
function flick(on) {
  if (on === Boolean(flicking)) return;
  if (on) {
    const turn = () => views.forEach((view, n) => view.classList.toggle("away", (Math.floor(Date.now() / 450) % 2) === n));
    at("stage").classList.add("flicking");
    turn();
    flicking = setInterval(() => { turn(); arrange(); }, 450);
  } else {
    clearInterval(flicking);
    flicking = 0;
    at("stage").classList.remove("flicking");
    views.forEach((view) => view.classList.remove("away"));
  }
  arrange();
}

function show() {
  const question = questions[votes.length];
  const asking = Boolean(question) && !done;
  for (const id of ["stage", "answers", "finish"]) at(id).hidden = !asking;
  at("end").hidden = asking;
  at("progress").value = votes.length;
  at("count").textContent = `${votes.length} of ${questions.length}`;
  at("undo").disabled = at("finish").disabled = votes.length === 0;
  at("asked").textContent = asking ? question.asked : "";
  if (!asking) return finish();
  views.forEach((view, n) => { view.querySelector("img").src = question.sides[n].picture; });
  at("before").hidden = !question.before;
  if (question.before) at("before").querySelector("img").src = question.before;
  refit();
}
function finish() {
  flick(false);
  at("summary").textContent = `${votes.length} of ${questions.length} answered.`;
  at("send").textContent = post ? "Send the ballot" : "Save the ballot as a file";
  at("send").disabled = votes.length === 0;
  at("back-says").textContent = done ? "go on voting" : "undo the last answer";
  at("voter").focus();
}
function answer(n) {
  const question = questions[votes.length];
  if (!question || done) return;
  votes.push({ question: question.token, choice: n === null ? "tie" : question.sides[n].token });
  remember();
  show();
}
function undo() {
  if (done) done = false;
  else votes.pop();
  at("said").textContent = "";
  remember();
  show();
}

async function send() {
  const voter = at("voter").value.trim();
  if (!voter || !votes.length) return;
  const ballot = { schema_version: 1, box, voter, at: new Date().toISOString(), votes };
  const text = JSON.stringify(ballot);
  if (!post) return save(text);
  at("said").textContent = "Sending …";
  try {
    const reply = await fetch(post, { method: "POST", headers: { "Content-Type": "application/json" }, body: text });
    const said = await reply.json();
    at("said").textContent = said.said;
    if (reply.ok) forget();
  } catch {
    at("said").textContent = "The voting server does not answer: it may have been stopped. The ballot is saved as a file instead.";
    save(text);
  }
}
function save(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `ballot-${box.slice(0, 8)}.json`;
  link.click();
  forget();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  if (!post) at("said").textContent = `Saved as ${link.download}. Give the file to whoever asked you to vote.`;
}

const keys = {
  1: () => answer(0), 2: () => answer(1), 0: () => answer(null), u: undo, f: () => flick(true), z: refit,
  "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input")) return;
  const act = keys[event.key];
  if (!act || (event.repeat && !["+", "=", "-"].includes(event.key))) return;
  event.preventDefault();
  act();
});
document.addEventListener("keyup", (event) => { if (event.key === "f") flick(false); });
addEventListener("blur", () => flick(false));
addEventListener("resize", arrange);
for (const view of views) {
  view.querySelector("img").addEventListener("load", arrange);
  view.querySelector("img").draggable = false;
  view.addEventListener("pointerdown", (event) => drag(view, event));
  for (const end of ["pointerup", "pointercancel"]) view.addEventListener(end, () => { view.onpointermove = null; });
  view.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY < 0 ? 1.25 : 0.8); }, { passive: false });
}
at("choose-left").addEventListener("click", () => answer(0));
at("choose-right").addEventListener("click", () => answer(1));
at("choose-tie").addEventListener("click", () => answer(null));
at("undo").addEventListener("click", undo);
at("back").addEventListener("click", undo);
at("finish").addEventListener("click", () => { done = true; show(); });
at("closer").addEventListener("click", () => zoom(1.5));
at("farther").addEventListener("click", () => zoom(1 / 1.5));
at("fit").addEventListener("click", refit);
at("flicker").addEventListener("pointerdown", () => flick(true));
for (const end of ["pointerup", "pointercancel", "pointerleave"]) at("flicker").addEventListener(end, () => flick(false));
at("end").addEventListener("submit", (event) => { event.preventDefault(); send(); });
recall();
show();
})();
