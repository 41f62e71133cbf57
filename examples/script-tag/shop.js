// Tracks the shop's custom event. The call works before the script tag has loaded, because the stub records it.
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-tm^='add-']");
  if (button) tidemark.track("add_to_basket", { product: button.dataset.tm.slice("add-".length) });
});

// Shows a suggestion to a visitor who hesitates. The collector decides when; its configuration has the message. The empty
// element is in the page from the beginning, so that a screen reader announces its content. The focus stays where it is.
const suggestion = document.querySelector(".suggestion");

const part = (name, properties) => Object.assign(document.createElement(name), properties);

const close = () => {
  const hasFocus = suggestion.contains(document.activeElement);
  suggestion.replaceChildren();
  if (hasFocus) document.querySelector("#main").focus();
};

tidemark.on("reaction", (reaction) => {
  if (reaction.name !== "hesitation") return;
  const message = part("p", { textContent: reaction.payload.message });
  const link = part("a", { href: "#table", textContent: "Start with a tide table" });
  const dismiss = part("button", { type: "button", textContent: "No, thanks" });
  link.addEventListener("click", () => {
    reaction.acted("show_tide_table");
    close();
  });
  dismiss.addEventListener("click", () => {
    reaction.dismissed();
    close();
  });
  suggestion.onkeydown = ({ key }) => {
    if (key === "Escape") dismiss.click();
  };
  suggestion.replaceChildren(message, link, dismiss);
  reaction.shown();
});

// The visitor has dismissed it, or has logged out.
tidemark.on("reaction_end", close);
