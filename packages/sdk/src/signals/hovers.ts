import type { Signal } from "../events/signal.ts";
import { now } from "../sensors/clock.ts";
import { combineStops, createListener, keepAdded, listen } from "../sensors/listen.ts";
import { pointerOf } from "../sensors/pointer.ts";
import { ignoredBy } from "../sensors/privacy.ts";
import { onScroll } from "../sensors/scrolling.ts";
import { describe, meaningfulTarget } from "../sensors/target.ts";

/** Options of {@link hovers}. */
export interface HoverOptions {
  /** Shortest stay that is reported, in milliseconds. Default 300. */
  intentAfter?: number;
}

/**
 * Captures hovers: stays of a mouse or pen, of at least `intentAfter`, on a link, button, tab, field, label, summary, player
 * or element named with `data-tm`. The stay belongs to the nearest such element. A stay ends when the pointer moves to
 * another element or leaves the window, or the visitor scrolls or drags. It also ends when the page is hidden and when
 * the page view ends. Touch never hovers, and neither does a pointer with a pressed button.
 */
export const hovers =
  ({ intentAfter = 300 }: HoverOptions = {}): Signal =>
  (context) => {
    context.runs("hovers");
    let hovered: Element | undefined;
    let since = 0;
    let last: PointerEvent;
    let clicked = false;

    const endStay = () => {
      const element = hovered;
      if (!element) return;
      context.continueSession();
      hovered = undefined;
      follower.remove(element);
      const duration = now() - since;
      if (duration >= intentAfter && !ignoredBy(element))
        context.capture("hover", {
          target: describe(element),
          element_hover_duration: duration,
          ...pointerOf(last),
          clicked,
        });
    };

    context.on("report", (reason) => reason !== "flush" && endStay());
    // A stay that goes on in the next page view belongs to it from its start.
    context.on("view", () => {
      since = now();
      clicked = false;
    });
    // Listens on the hovered element only, so that moves elsewhere call no listener.
    const follower = createListener<PointerEvent>("pointermove pointerout click", (event) => {
      if (!event.isTrusted) return;
      if (event.type === "pointermove") last = event;
      else if (event.type === "click") clicked = true;
      // Without a related target the pointer left the window.
      else if (!event.relatedTarget) endStay();
    });
    return combineStops(
      listen<PointerEvent>(document, "pointerover", (event) => {
        if (!event.isTrusted || event.pointerType === "touch") return;
        const element = meaningfulTarget(event);
        if (element === hovered) return;
        endStay();
        if (!element || event.buttons) return;
        hovered = element;
        since = now();
        last = event;
        clicked = false;
        follower.add(element);
      }),
      listen(document, "dragstart", endStay),
      onScroll(({ isByVisitor }) => isByVisitor && endStay()),
      keepAdded(() => hovered && follower.add(hovered)),
      () => hovered && follower.remove(hovered),
    );
  };
