// Tracks the shop's custom event. The call works before the script tag has loaded, because the stub records it.
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-tm^='add-']");
  if (button) tidemark.track("add_to_basket", { product: button.dataset.tm.slice("add-".length) });
});
