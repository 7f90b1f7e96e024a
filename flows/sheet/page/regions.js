// Regions: a line of the table opens its steps, side by side, at 1:1 or magnified.

function prepareRegions(card) {
  for (const row of all("table.regions tbody tr", card)) {
    row.addEventListener("click", () => toggleRegion(card, row.dataset.region));
  }
}

function openPanel(card) {
  return card.querySelector(".panel:not([hidden])");
}

function toggleRegion(card, region) {
  if (openPanel(card)?.dataset.region === region) closeRegion(card);
  else openRegion(card, region);
}

function openRegion(card, region) {
  closeRegion(card);
  const panel = card.querySelector(`.panel[data-region="${region}"]`);
  if (!panel) return;
  panel.hidden = false;
  if (unfold(panel.querySelector("template"))) preparePanel(card, panel);
  markRegion(card, region, true);
  panel.scrollIntoView({ block: "nearest" });
}

function closeRegion(card) {
  const panel = openPanel(card);
  if (!panel) return false;
  panel.hidden = true;
  markRegion(card, panel.dataset.region, false);
  return true;
}

function markRegion(card, region, open) {
  const row = card.querySelector(`table.regions tr[data-region="${region}"]`);
  row.classList.toggle("opened", open);
  row.querySelector(".open").setAttribute("aria-expanded", String(open));
  card.querySelector(`.box[data-region="${region}"]`)?.classList.toggle("opened", open);
}

/** Opens the region after the open one; after the last, none. */
function nextRegion(card) {
  const panels = all(".panel", card);
  const next = panels[panels.indexOf(openPanel(card)) + 1];
  if (next) openRegion(card, next.dataset.region);
  else closeRegion(card);
}

function preparePanel(card, panel) {
  panel.querySelector(".close").addEventListener("click", () => {
    const { region } = panel.dataset;
    closeRegion(card);
    card.querySelector(`table.regions tr[data-region="${region}"] .open`).focus();
  });
  for (const button of all("[data-zoom]", panel)) {
    button.addEventListener("click", () => zoom(panel, button.dataset.zoom));
  }
  zoom(panel, fittingZoom(panel));
}

/** Long, low regions read better one above the other than side by side. */
function arrange(panel) {
  const sizes = all(".strip img", panel).map(({ dataset }) => [Number(dataset.natural), Number(dataset.tall)]);
  panel.querySelector(".strip")?.classList.toggle("stacked", sizes.every(([wide, tall]) => wide >= 3 * tall));
  return sizes;
}

/** The largest whole factor at which all steps are seen at once. */
function fittingZoom(panel) {
  const sizes = arrange(panel);
  const strip = panel.querySelector(".strip");
  if (!strip) return "fit";
  const sum = (place) => sizes.reduce((total, size) => total + size[place], 0);
  const most = (place) => Math.max(...sizes.map((size) => size[place]));
  const stacked = strip.classList.contains("stacked");
  const [wide, tall] = stacked ? [most(0), sum(1)] : [sum(0), most(1)];
  const room = strip.clientWidth - (stacked ? 112 : 12 * (sizes.length - 1));
  return ["8", "4", "2", "1"].find((factor) => wide * factor <= room && tall * factor <= 480) ?? "fit";
}

function zoom(panel, factor) {
  const strip = panel.querySelector(".strip");
  if (!strip) return;
  strip.classList.toggle("fit", factor === "fit");
  for (const image of all("img", strip)) {
    image.style.width = factor === "fit" ? "" : `${image.dataset.natural * factor}px`;
  }
  for (const button of all("[data-zoom]", panel)) {
    button.setAttribute("aria-pressed", String(button.dataset.zoom === factor));
  }
}
