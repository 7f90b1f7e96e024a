// The keyboard: every part of the review without a pointer.

let current = null;

function toolsHeight() {
  const tools = document.querySelector(".tools");
  return getComputedStyle(tools).position === "sticky" ? tools.getBoundingClientRect().bottom : 0;
}

/** The card last gone to while it is in view, else the first in view. */
function currentCard() {
  const top = toolsHeight();
  const seen = (card) => {
    const { top: above, bottom } = card.getBoundingClientRect();
    return !card.hidden && bottom > top + 8 && above < innerHeight;
  };
  const focused = document.activeElement?.closest?.(".card");
  return [focused, current].find((card) => card && seen(card)) ?? cards.find(seen) ?? null;
}

function go(step) {
  const shown = cards.filter((card) => !card.hidden);
  const at = shown.indexOf(currentCard());
  const started = at >= 0 && (current === shown[at] || shown[at].contains(document.activeElement));
  const next = shown[started || step < 0 ? at + step : Math.max(at, 0)];
  if (!next) return;
  current?.classList.remove("current");
  current = next;
  current.classList.add("current");
  draw(current);
  current.focus({ preventScroll: true });
  current.scrollIntoView({ block: "start" });
}

function escape() {
  if (document.activeElement === search) {
    search.blur();
    return;
  }
  const card = currentCard();
  if (!(card && closeRegion(card)) && cards.length) clearFilters();
}

const actions = {
  j: () => go(1),
  k: () => go(-1),
  f: () => search.focus(),
  b: () => withCard((card) => holdBefore(card, true)),
  t: () => withCard(otherTier),
  r: () => withCard(nextRegion),
  o: () => boxesShown.click(),
  Escape: escape,
};

function withCard(act) {
  const card = currentCard();
  if (card) act(card);
}

function isTyping(event) {
  return event.target.matches?.("input[type=search], select, textarea") && event.key !== "Escape";
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  const act = actions[event.key];
  if (!act || (event.repeat && !["j", "k"].includes(event.key))) return;
  event.preventDefault();
  act();
});
document.addEventListener("keyup", (event) => {
  if (event.key === "b") for (const card of cards) holdBefore(card, false);
});
addEventListener("blur", () => {
  for (const card of cards) holdBefore(card, false);
});
