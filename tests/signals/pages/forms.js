const define = (name, html) =>
  customElements.define(
    name,
    class extends HTMLElement {
      connectedCallback() {
        this.attachShadow({ mode: "open" }).innerHTML = html;
        this.shadowRoot.addEventListener("submit", (event) => event.preventDefault());
      }
    },
  );
define("shadow-form", '<form id="within"><input id="field" /><button id="go">Go</button></form>');
define("shadow-field", '<input id="field" />');

// Prevents submits, like most apps. With `?leave` a submit leaves the page.
if (!new URLSearchParams(location.search).has("leave")) addEventListener("submit", (event) => event.preventDefault());

window.failures = [];
addEventListener("error", ({ message }) => window.failures.push(message));
