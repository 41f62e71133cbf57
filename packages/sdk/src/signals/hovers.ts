import type { EventOf } from "@tidemark/schema";
import { now } from "../sensors/clock.ts";
import { listen, together } from "../sensors/listen.ts";
import { describe, meaningfulTarget } from "../sensors/target.ts";
import type { Signal } from "./signal.ts";

/** Options of {@link hovers}. */
export interface HoverOptions {
  /** Shortest stay that shows intent, in milliseconds. Default 300. */
  intentAfter?: number;
}

/**
 * Hovers: the stay of a mouse or pen on the nearest link, button, field, player or element named with `data-tm`, if it
 * lasted at least `intentAfter`. Reported when the pointer moves on, leaves the window, or the page is hidden. Elements
 * inside of a meaningful element belong to its stay. Touch never hovers.
 */
export const hovers =
  ({ intentAfter = 300 }: HoverOptions = {}): Signal =>
  (context) => {
    let stay: { element: Element; since: number; last: PointerEvent; clicked: boolean } | undefined;

    const end = () => {
      if (!stay) return;
      const { element, since, last, clicked } = stay;
      stay = undefined;
      const duration = now() - since;
      if (duration < intentAfter) return;
      context.emit("hover", {
        target: describe(element),
        element_hover_duration: duration,
        x: Math.round(last.clientX),
        y: Math.round(last.clientY),
        pointer_type: last.pointerType as EventOf<"hover">["pointer_type"],
        clicked,
      });
    };

    context.on("report", (reason) => reason !== "flush" && end());
    return together(
      listen<PointerEvent>(document, "pointerover", (event) => {
        if (event.pointerType === "touch") return;
        const element = meaningfulTarget(event);
        if (element === stay?.element) return;
        end();
        if (element) stay = { element, since: now(), last: event, clicked: false };
      }),
      listen<PointerEvent>(document, "pointermove", (event) => {
        if (stay) stay.last = event;
      }),
      listen(document, "scroll", end),
      listen<PointerEvent>(document, "pointerout", (event) => event.relatedTarget ?? end()),
      listen(document, "click", (event) => {
        if (stay && event.composedPath().includes(stay.element)) stay.clicked = true;
      }),
    );
  };
