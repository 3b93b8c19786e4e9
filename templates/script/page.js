/* The start: without a script the explorer stays hidden, and nothing else depends on one. */

element("explore").hidden = false;
element("explore-link").hidden = false;
const scrubber = new Scrubber();
const trainer = new Trainer();

// A part that has nothing to scroll needs no stop for the keyboard.
const scrolling = new ResizeObserver((changes) => {
  for (const { target } of changes)
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
});
document.querySelectorAll("main [tabindex]").forEach((part) => scrolling.observe(part));
