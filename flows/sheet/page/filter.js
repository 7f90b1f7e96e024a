// Which cards are shown, and in what order.

const search = document.getElementById("search");
const order = document.getElementById("order");
const chips = all(".chip");
const list = document.getElementById("cards");

function filter() {
  const outcomes = new Set(chips.filter(isPressed).map((chip) => chip.dataset.outcome));
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const card of cards) {
    const fits = (!outcomes.size || outcomes.has(card.dataset.outcome))
      && wanted.every((word) => card.dataset.search.includes(word));
    card.hidden = !fits;
    shown += fits;
  }
  document.getElementById("shown").textContent = `${shown} of ${cards.length}`;
  document.getElementById("none").hidden = shown > 0;
}

function isPressed(chip) {
  return chip.getAttribute("aria-pressed") === "true";
}

function sort() {
  const rank = new Map(cards.map((card) => [card, Number(card.dataset.ranks.split(" ")[order.value])]));
  cards.sort((a, b) => rank.get(a) - rank.get(b));
  list.append(...cards);
}

function clearFilters() {
  search.value = "";
  for (const chip of chips) chip.setAttribute("aria-pressed", "false");
  filter();
}

for (const chip of chips) {
  chip.addEventListener("click", () => {
    chip.setAttribute("aria-pressed", String(!isPressed(chip)));
    filter();
  });
}
search.addEventListener("input", filter);
order.addEventListener("change", sort);
document.getElementById("clear")?.addEventListener("click", clearFilters);
// A browser may bring back what was typed or chosen before a reload.
if (cards.length) {
  filter();
  if (order.value !== "0") sort();
}
