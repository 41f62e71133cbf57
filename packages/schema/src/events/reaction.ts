import { id, text } from "../fields.ts";
import { MAX_ACTION_NAME, MAX_REACTION_NAME } from "../limits.ts";
import { viewlessEvent } from "./event.ts";

const named = {
  reaction: text(MAX_REACTION_NAME, "Name of the reaction, as the collector's configuration defines it."),
  reaction_id: id("Identifier of this one firing of the reaction, which the page received with it."),
};

/** The page has shown a reaction. */
export const reactionShown = viewlessEvent("reaction_shown", named).meta({
  description: "The site's code says that the page shows a reaction.",
  capturedBy: ["reaction.shown()"],
});

/** The visitor has dismissed a reaction. */
export const reactionDismissed = viewlessEvent("reaction_dismissed", named).meta({
  description: "The site's code says that the visitor has dismissed a reaction.",
  capturedBy: ["reaction.dismissed()"],
});

/** The visitor has done what a reaction proposed. */
export const reactionActed = viewlessEvent("reaction_acted", {
  ...named,
  action: text(MAX_ACTION_NAME, "The site's name of the visitor's action, such as `open_chat`.").optional(),
}).meta({
  description: "The site's code says that the visitor has done what a reaction proposed.",
  capturedBy: ["reaction.acted()"],
});
