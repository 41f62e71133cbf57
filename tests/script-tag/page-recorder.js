// Keeps what the page's console and its user would see of the script tag.
window.seen = { warnings: [], failures: [] };
window.infos = [];
console.info = (...words) => window.infos.push(words.join(" "));
console.warn = (...words) => window.seen.warnings.push(words.join(" "));
for (const type of ["error", "unhandledrejection"])
  addEventListener(type, (event) => window.seen.failures.push(`${event.message ?? event.reason}`));
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.seen.failures.push(`${violatedDirective} ${blockedURI}`),
);
