import type { EventOf } from "@tidemark/schema";
import type { Signal } from "../events/signal.ts";
import { combineStops, listen } from "../sensors/listen.ts";
import { ignoredBy, isSecret } from "../sensors/privacy.ts";
import { describe } from "../sensors/target.ts";
import { createTimer } from "../sensors/timer.ts";

type Action = EventOf<"selection">["action"];

/** How long a selection stays as it is until it has settled, in milliseconds. */
const SETTLED_AFTER_MS = 500;

/**
 * Selections: how many characters of text were selected, copied or cut, and the nearest element that holds them all. A
 * selection is reported once it has settled: when the mouse button or the shift key is let go, or after 500 ms without a
 * change; and before a copy, or when a report is asked for, the page is hidden or the view ends. Copy and cut are reported
 * as they happen. Nothing is reported where there is no text.
 *
 * The length is that of the document's text, each run of white space as one character, whatever the layout shows; of a
 * text field that is copied from, the selected characters. Selecting in a field is editing and not reported; of password
 * and card fields nothing is, nor of what `data-tm-ignore` holds. Never the text itself.
 */
export const selections = (): Signal => (context) => {
  let held = false;
  let unsettled = false;

  const say = (action: Action, element: Element | null, length: number) => {
    if (element && length && !ignoredBy(element))
      context.capture("selection", { action, length, target: describe(element) });
  };

  const sayText = (action: Action) => {
    const selection = getSelection();
    if (!selection?.rangeCount) return;
    // Not the selection's own text: to know what is shown of it the browser would have to lay out the page.
    const range = selection.getRangeAt(0);
    const { commonAncestorContainer: node } = range;
    const { length } = `${range}`.replace(/\s+/g, " ").trim();
    say(action, node instanceof Element ? node : node.parentElement, length);
  };

  const settle = () => {
    timer.stop();
    if (unsettled) sayText("select");
    unsettled = false;
  };

  const wait = (ms: number) => {
    timer.stop();
    if (unsettled && !held) timer.start(ms);
  };

  const timer = createTimer(settle);

  context.on("report", settle);
  return combineStops(
    listen(document, "selectionchange", () => {
      unsettled = true;
      wait(SETTLED_AFTER_MS);
    }),
    listen<MouseEvent | KeyboardEvent>(document, "mousedown mouseup keyup", (event) => {
      held = event.shiftKey || event.type === "mousedown";
      // Not in the handler itself, which the visitor waits for.
      wait(0);
    }),
    listen(document, "copy cut", (event) => {
      settle();
      const action = event.type as Action;
      const field = event.composedPath()[0] as HTMLInputElement;
      if (!("selectionEnd" in field)) sayText(action);
      else if (!isSecret(field)) say(action, field, (field.selectionEnd ?? 0) - (field.selectionStart ?? 0));
    }),
    timer.stop,
  );
};
