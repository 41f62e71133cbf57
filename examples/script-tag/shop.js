// What the shop itself reports. It need not know whether the script tag is there yet: until then the stub keeps the call.
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-tm^='add-']");
  if (button) tidemark.track("add_to_basket", { product: button.dataset.tm.slice("add-".length) });
});
