/** Defines a custom element with this HTML in its shadow root. */
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

// Stops the propagation of clicks on the button and, earlier, in the capture phase of the body.
document.getElementById("stopped").addEventListener("click", (event) => event.stopImmediatePropagation());
document.body.addEventListener("click", (event) => event.target.id === "stopped" && event.stopPropagation(), true);
