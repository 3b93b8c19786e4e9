/* The start: without a script the explorer stays hidden, and nothing else depends on one. */

element("explore").hidden = false;
element("explore-link").hidden = false;
const scrubber = new Scrubber();
const trainer = new Trainer();

// A region that has nothing to scroll needs no stop for the keyboard.
const scrolling = new ResizeObserver((changes) => {
  for (const { target } of changes) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
});
document.querySelectorAll(".scroll, .drawing[tabindex], .formula[tabindex]").forEach((part) => scrolling.observe(part));
