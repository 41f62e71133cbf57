window.violated = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.violated.push(`${violatedDirective} ${blockedURI}`),
);
