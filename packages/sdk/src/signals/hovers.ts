import type { EventOf } from "@tidemark/schema";
import type { Signal } from "../events/signal.ts";
import { now } from "../sensors/clock.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { ignoredBy } from "../sensors/privacy.ts";
import { describe, meaningfulTarget } from "../sensors/target.ts";

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
    let over: Element | undefined;
    let since = 0;
    let last: PointerEvent;
    let clicked = false;
    let leave: Stop | undefined;

    const end = () => {
      const element = over;
      if (!element) return;
      over = undefined;
      leave?.();
      const duration = now() - since;
      if (duration >= intentAfter && !ignoredBy(element))
        context.capture("hover", {
          target: describe(element),
          element_hover_duration: duration,
          x: Math.round(last.clientX),
          y: Math.round(last.clientY),
          pointer_type: last.pointerType as EventOf<"hover">["pointer_type"],
          clicked,
        });
    };

    context.on("report", (reason) => reason !== "flush" && end());
    return combineStops(
      listen<PointerEvent>(document, "pointerover", (event) => {
        const element = meaningfulTarget(event);
        if (event.pointerType === "touch" || element === over) return;
        end();
        if (!element) return;
        over = element;
        since = now();
        last = event;
        clicked = false;
        // Follows the pointer on the element alone, so that nothing hears it move elsewhere.
        leave = listen<PointerEvent>(element, "pointermove pointerout click", (here) => {
          if (here.type === "pointermove") last = here;
          else if (here.type === "click") clicked = true;
          // It left the window.
          else if (!here.relatedTarget) end();
        });
      }),
      listen(document, "scroll", end),
      () => leave?.(),
    );
  };
