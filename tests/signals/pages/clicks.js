/** A box with a shadow root of its own, and in it what it is told. */
const define = (name, mode, html) =>
  customElements.define(
    name,
    class extends HTMLElement {
      constructor() {
        super();
        this.attachShadow({ mode }).innerHTML = html;
      }
    },
  );

define(
  "inner-box",
  "open",
  '<button id="deep" type="button"><span id="deepest">Deep button</span></button><i id="plain">Plain</i>',
);
define("outer-box", "open", '<div data-tm="outer"><inner-box></inner-box></div>');
define("closed-box", "closed", '<button type="button">Closed button</button>');

// A page that keeps its events to itself, as early as a page can.
document.getElementById("stubborn").addEventListener("click", (event) => event.stopImmediatePropagation());
document.body.addEventListener("click", (event) => event.target.id === "stubborn" && event.stopPropagation(), true);
