/* The start: without a script the explorer stays hidden, and nothing else depends on one. */

let scrubber;
let trainer;

const show = (shown) => ["explore", "explore-link"].forEach((id) => (element(id).hidden = !shown));
show(true); // first, since the curves need their size
try {
  scrubber = new Scrubber();
  trainer = new Trainer();
} catch (error) {
  show(false); // a browser that lacks something
  throw error;
}

// A part that has nothing to scroll needs no stop for the keyboard.
const scrolling = new ResizeObserver((changes) => {
  for (const { target } of changes)
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
});
document.querySelectorAll("main [tabindex]").forEach((part) => scrolling.observe(part));
