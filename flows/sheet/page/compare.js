// Before and after: the slider, holding to see before, the other tier, region boxes over the picture.

const boxesShown = document.getElementById("boxes");

function prepareCompare(card) {
  const frame = card.querySelector(".frame");
  if (!frame) return;
  const width = Number(frame.dataset.width);
  frame.style.setProperty("--width", `${width}px`);
  frame.style.setProperty("--ratio", `${width} / ${frame.dataset.height}`);
  for (const image of all("img", frame)) {
    image.classList.toggle("enlarged", width > Number(image.dataset.natural));
  }
  prepareSlider(card, frame);
  placeBoxes(card, frame);
  for (const button of all("[data-tier]", card)) {
    button.addEventListener("click", () => showTier(card, button.dataset.tier));
  }
}

function prepareSlider(card, frame) {
  const cut = frame.querySelector(".cut");
  if (!cut) return;
  const move = () => {
    frame.style.setProperty("--cut", `${cut.value}%`);
    cut.setAttribute("aria-valuetext", `${Math.round(cut.value)} % before`);
  };
  cut.addEventListener("input", move);
  move();
  tapOpensRegion(card, frame, cut, move);
  const hold = card.querySelector(".hold");
  hold.addEventListener("pointerdown", (event) => {
    hold.setPointerCapture(event.pointerId);
    holdBefore(card, true);
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    hold.addEventListener(end, () => holdBefore(card, false));
  }
  hold.addEventListener("keydown", (event) => {
    if (event.key === " " || event.key === "Enter") holdBefore(card, true);
  });
  hold.addEventListener("keyup", () => holdBefore(card, false));
}

/** A tap inside a box opens its region and leaves the slider where it was; a drag moves the slider. */
function tapOpensRegion(card, frame, cut, move) {
  let down = null;
  cut.addEventListener("pointerdown", (event) => {
    down = { x: event.clientX, y: event.clientY, value: cut.value };
  });
  cut.addEventListener("click", (event) => {
    if (!down || !boxesShown.checked) return;
    if (Math.hypot(event.clientX - down.x, event.clientY - down.y) > 4) return;
    const box = smallestBoxAt(frame, event.clientX, event.clientY);
    if (!box) return;
    cut.value = down.value;
    move();
    openRegion(card, box.dataset.region);
  });
}

function smallestBoxAt(frame, x, y) {
  const area = ({ width, height }) => width * height;
  return all(".box", frame)
    .map((box) => ({ box, place: box.getBoundingClientRect() }))
    .filter(({ place }) => x >= place.left && x <= place.right && y >= place.top && y <= place.bottom)
    .sort((a, b) => area(a.place) - area(b.place))[0]?.box;
}

function placeBoxes(card, frame) {
  const layer = frame.querySelector(".boxes");
  if (!layer) return;
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  const { width, height } = layer.dataset;
  for (const box of all(".box", layer)) {
    const [x0, y0, x1, y1] = box.dataset.box.split(" ").map(Number);
    box.style.left = percent(x0, width);
    box.style.top = percent(y0, height);
    box.style.width = percent(x1 - x0, width);
    box.style.height = percent(y1 - y0, height);
    box.addEventListener("click", () => openRegion(card, box.dataset.region));
  }
}

function holdBefore(card, held) {
  card.querySelector(".frame")?.classList.toggle("held", held);
}

function showTier(card, tier) {
  const buttons = all("[data-tier]", card);
  if (!buttons.length) return;
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.tier === tier));
  for (const image of all("img.after", card)) {
    image.hidden = image.classList.contains("other") !== (tier === "other");
  }
}

function otherTier(card) {
  const pressed = card.querySelector("[data-tier][aria-pressed=true]");
  if (pressed) showTier(card, pressed.dataset.tier === "this" ? "other" : "this");
}

boxesShown.addEventListener("change", () => {
  document.body.classList.toggle("boxed", boxesShown.checked);
});
document.body.classList.toggle("boxed", boxesShown.checked);
