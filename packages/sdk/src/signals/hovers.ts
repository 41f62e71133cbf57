import type { EventOf } from "@tidemark/schema";
import { now } from "../sensors/clock.ts";
import { listen, type Stop, together } from "../sensors/listen.ts";
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
    let stay: { element: Element; since: number; last: PointerEvent; clicked: boolean; leave: Stop } | undefined;

    const end = () => {
      if (!stay) return;
      const { element, since, last, clicked, leave } = stay;
      stay = undefined;
      leave();
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

    /** Follows the pointer on the element alone, so that nothing hears it move elsewhere. */
    const begin = (element: Element, last: PointerEvent) => {
      const here = {
        element,
        since: now(),
        last,
        clicked: false,
        leave: listen<PointerEvent>(element, "pointermove pointerout click", (event) => {
          if (event.type === "pointermove") here.last = event;
          else if (event.type === "click") here.clicked = true;
          // It left the window.
          else if (!event.relatedTarget) end();
        }),
      };
      stay = here;
    };

    context.on("report", (reason) => reason !== "flush" && end());
    return together(
      listen<PointerEvent>(document, "pointerover", (event) => {
        const element = meaningfulTarget(event);
        if (event.pointerType === "touch" || element === stay?.element) return;
        end();
        if (element) begin(element, event);
      }),
      listen(document, "scroll", end),
      () => stay?.leave(),
    );
  };
