// Records the console output, errors and policy violations of the page.
window.recorded = { warnings: [], failures: [] };
window.infos = [];
console.info = (...words) => window.infos.push(words.join(" "));
console.warn = (...words) => window.recorded.warnings.push(words.join(" "));
for (const type of ["error", "unhandledrejection"])
  addEventListener(type, (event) => window.recorded.failures.push(`${event.message ?? event.reason}`));
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.recorded.failures.push(`${violatedDirective} ${blockedURI}`),
);
