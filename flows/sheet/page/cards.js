// Cards: drawn when they come near the window, so that hundreds stay light.

const cards = [...document.querySelectorAll(".card")];
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function showPictures(root) {
  for (const image of all("img[data-picture]", root)) {
    image.src = document.getElementById(image.dataset.picture).textContent;
    image.removeAttribute("data-picture");
  }
}

/** Puts a template's content in its place; false where there is none left. */
function unfold(template) {
  if (!template) return null;
  const content = document.importNode(template.content, true);
  const first = content.firstElementChild;
  showPictures(content);
  template.replaceWith(content);
  return first;
}

function draw(card) {
  const work = unfold(card.querySelector("template.work"));
  if (!work) return;
  prepareCompare(card);
  prepareRegions(card);
}

const nearness = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    nearness.unobserve(entry.target);
    draw(entry.target);
  }
}, { rootMargin: "1000px 0px" });

for (const card of cards) nearness.observe(card);

for (const button of all(".copy")) {
  button.addEventListener("click", () => copy(button));
}

/** In a sandboxed frame the clipboard may be refused: the text is then left selected. */
async function copy(button) {
  const source = button.previousElementSibling;
  getSelection().selectAllChildren(source);
  let done = false;
  try {
    await navigator.clipboard.writeText(source.textContent);
    done = true;
  } catch {
    done = document.execCommand("copy");
  }
  button.textContent = done ? "copied" : "selected";
  setTimeout(() => { button.textContent = "copy"; }, 1500);
}
