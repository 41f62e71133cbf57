import { now } from "../sensors/clock.ts";
import { combineStops, listen } from "../sensors/listen.ts";
import { onNavigation } from "../sensors/navigation.ts";
import type { ClickEvidence, ClickFields } from "../signals/clicks.ts";

interface Pending {
  click: ClickFields;
  time: number;
  /** What is still to be learnt. */
  placeless: boolean;
  unanswered: boolean;
}

/** A click without an answer for this long is dead, in milliseconds (PostHog's rule). */
const DEAD_AFTER_MS = 2500;

/** Clicks belong to one burst when they are closer than this, in pixels and milliseconds (PostHog's rule). */
const BURST_PX = 30;
const BURST_MS = 1000;

/** Where a click writes, chooses or plays: an answer shows in the element itself, and many clicks are nothing unusual. */
const FIELDS = "input,select,textarea,label,option,video,audio,[contenteditable],[role=spinbutton],[role=slider]";

/** Names of buttons that are there to be pressed again and again, one sign among them. They are looked at, not sent. */
const STEPPER = /^(.|next|prev(ious)?|back|forward|more|less)$/i;

const isStepper = (element: Element): boolean =>
  element.matches("button,[role=button]") &&
  STEPPER.test(element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "");

/** Whether the visitor selects text, or presses a key that changes what a click does. */
const isSpecial = ({ button, altKey, ctrlKey, metaKey, shiftKey }: MouseEvent): boolean =>
  button > 0 || altKey || ctrlKey || metaKey || shiftKey || getSelection()?.type === "Range";

/**
 * Evidence for {@link clicks}: the position in the element, which click of a burst it was (three and more are a rage
 * click), and how the page responded (nothing within 2.5 s is a dead click). The rules that judge it are the reader's. The
 * click is reported, with its own time, once the evidence is there; at once when the page is hidden.
 *
 * Fields, text selections and modified clicks make no burst and expect no response; steppers make no burst; links expect
 * no response. The position comes from an IntersectionObserver, so that nothing is laid out for it.
 */
export const clickEvidence = (): ClickEvidence => (context) => {
  const pending = new Set<Pending>();
  let previous = { x: 0, y: 0, time: 0, burst: 0 };

  const finish = (each: Pending) => {
    if (pending.delete(each)) context.capture("click", { ...each.click, time: each.time });
    watch();
  };
  const settle = (each: Pending) => {
    if (!each.placeless && !each.unanswered) finish(each);
  };
  const respond = (response: NonNullable<ClickFields["response"]>, to: Iterable<Pending> = pending) => {
    for (const each of to) {
      if (!each.unanswered) continue;
      each.unanswered = false;
      each.click.response = response;
      if (response !== "none") each.click.response_ms = now() - each.time;
      settle(each);
    }
  };

  const mutations = new MutationObserver(() => respond("mutation"));
  let stopListening: (() => void) | undefined;
  /** Watches the page while a click waits for its response, and not otherwise. */
  const watch = () => {
    stopListening?.();
    stopListening = undefined;
    mutations.disconnect();
    if (![...pending].some(({ unanswered }) => unanswered)) return;
    mutations.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    stopListening = combineStops(
      listen(document, "scroll", () => respond("scroll")),
      // A click alone moves the caret; an answer is a text that was selected.
      listen(document, "selectionchange", () => getSelection()?.type === "Range" && respond("selection")),
      listen(document, "focusin focusout", () => respond("focus")),
      onNavigation(() => respond("navigation")),
    );
  };

  const place = (each: Pending, element: Element) => {
    const observer = new IntersectionObserver(([entry]) => {
      observer.disconnect();
      const { left, top, width } = entry?.boundingClientRect ?? new DOMRect();
      if (width) {
        each.click.element_x = each.click.x - Math.round(left);
        each.click.element_y = each.click.y - Math.round(top);
      }
      each.placeless = false;
      settle(each);
    });
    observer.observe(element);
  };

  const stopReporting = context.on("report", (reason) => {
    if (reason === "view_end") respond("navigation");
    for (const each of pending) finish(each);
  });

  return {
    observe(click, event, target) {
      const time = now();
      const isField = isSpecial(event) || !!target.closest(FIELDS);
      if (!isField && !isStepper(target)) {
        const { x, y } = click;
        const isNear =
          Math.abs(x - previous.x) + Math.abs(y - previous.y) < BURST_PX && time - previous.time < BURST_MS;
        click.burst = isNear ? previous.burst + 1 : 1;
        previous = { x, y, time, burst: click.burst };
      }
      const each = {
        click,
        time,
        placeless: !!click.pointer_type,
        unanswered: !isField && !target.closest("a[href]"),
      };
      pending.add(each);
      if (each.placeless) place(each, target);
      if (each.unanswered) setTimeout(() => respond("none", [each]), DEAD_AFTER_MS);
      watch();
      settle(each);
    },
    stop() {
      stopReporting();
      pending.clear();
      watch();
    },
  };
};
