import type { EventOf } from "@tidemark/schema";
import type { Signal } from "../events/signal.ts";
import { whole } from "../measures/bounds.ts";
import { combineStops, listen } from "../sensors/listen.ts";
import { isElement } from "../sensors/members.ts";
import { ignoredBy, isSecret } from "../sensors/privacy.ts";
import { selectedRange } from "../sensors/selected-range.ts";
import { parentOf, rootsIn } from "../sensors/shadow-dom.ts";
import { describe } from "../sensors/target.ts";
import { createTimer } from "../sensors/timer.ts";

type Action = EventOf<"selection">["action"];

/** Time without a change after which a selection is complete, in milliseconds. */
const COMPLETE_AFTER_MS = 500;

/**
 * Captures selections: the number of characters that were selected, copied or cut, and the nearest element that
 * contains them all. It never reports the text itself, and nothing of an empty selection.
 *
 * - A selection is captured when the mouse button or any key is released while shift is not held, or after 500 ms
 *   without a change. It is also captured before a copy or a cut, on flush, when the page is hidden and when the page
 *   view ends.
 * - Copy and cut are captured at once.
 * - The length is that of the document's text, whatever the layout shows. Each run of white space counts as one
 *   character, and outer white space does not count. For text copied from a text field it is the number of selected
 *   characters.
 * - A selection in an open shadow root is captured if the visitor's latest press or key was in it.
 * - A selection in a field is editing and not captured. Nothing is captured in password and card fields, and no
 *   selection within `data-tm-ignore`. A selection that extends beyond the ignored element is captured, including its
 *   ignored characters.
 */
export const selections = (): Signal => (context) => {
  context.runs("selections");
  let isPressed = false;
  let isPending = false;
  /** The shadow roots around the latest action, which may contain the selection. */
  let roots: ShadowRoot[] = [];

  const capture = (action: Action, element: Element | undefined, length: number) => {
    if (element && length && !ignoredBy(element))
      context.capture("selection", { action, length, target: describe(element) });
  };

  const captureText = (action: Action) => {
    const range = selectedRange(roots);
    if (!range) return;
    const { commonAncestorContainer: node } = range;
    // Not `selection.toString()`: it forces a layout, to find the text that is shown.
    const { length } = `${range}`.replace(/\s+/g, " ").trim();
    capture(action, isElement(node) ? node : parentOf(node), length);
  };

  const complete = () => {
    timer.stop();
    if (isPending) captureText("select");
    isPending = false;
  };

  const wait = (ms: number) => {
    timer.stop();
    if (isPending && !isPressed) timer.start(ms);
  };

  const timer = createTimer(complete);

  /** A drag may start in a shadow root and end outside of it. */
  const noteRoots = (event: Event) => {
    const around = rootsIn(event.composedPath());
    if (around[0] || event.type === "mousedown") roots = around;
  };

  context.on("report", complete);
  return combineStops(
    listen(document, "selectionchange", () => {
      isPending = true;
      wait(COMPLETE_AFTER_MS);
    }),
    listen<MouseEvent | KeyboardEvent>(document, "mousedown mouseup keyup", (event) => {
      noteRoots(event);
      isPressed = event.shiftKey || event.type === "mousedown";
      // Not in the handler itself, which would delay the input.
      wait(0);
    }),
    listen(document, "copy cut", (event) => {
      noteRoots(event);
      complete();
      const action = event.type as Action;
      const field = event.composedPath()[0] as HTMLInputElement;
      if (!("selectionEnd" in field)) captureText(action);
      else if (!isSecret(field)) capture(action, field, whole((field.selectionEnd ?? 0) - (field.selectionStart ?? 0)));
    }),
    timer.stop,
  );
};
