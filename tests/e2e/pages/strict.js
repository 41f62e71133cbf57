window.violated = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.violated.push(`${violatedDirective} ${blockedURI}`),
);
window.heard = [];
for (const type of ["click", "pointerover", "pointermove", "pointerdown", "keydown", "wheel", "scroll"])
  addEventListener(type, ({ target }) => window.heard.push(`${type} ${target.localName ?? "document"}`), true);
