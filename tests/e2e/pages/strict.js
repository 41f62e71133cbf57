window.violated = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.violated.push(`${violatedDirective} ${blockedURI}`),
);
window.events = [];
for (const type of ["click", "pointerover", "pointermove", "pointerdown", "keydown", "wheel", "scroll"])
  addEventListener(type, ({ target }) => window.events.push(`${type} ${target.localName ?? "document"}`), true);
