import { guard } from "../guard.ts";
import { createSelfScrolling } from "../measures/self-scrolling.ts";
import { getSelection, IntersectionObserver, Math, MutationObserver, Set } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { combineStops, listen } from "../sensors/listen.ts";
import { visibleWords } from "../sensors/masked-text.ts";
import { call } from "../sensors/members.ts";
import { onNavigation } from "../sensors/navigation.ts";
import { pixel } from "../sensors/pointer.ts";
import { onScroll } from "../sensors/scrolling.ts";
import { createTimer } from "../sensors/timer.ts";
import type { ClickEvidence, ClickFields } from "../signals/clicks.ts";

/** A click that is not captured yet, and the evidence that is still missing. */
interface PendingClick {
  click: ClickFields;
  time: number;
  needsPosition: boolean;
  needsResponse: boolean;
}

/** A click without a response for this long is dead, in milliseconds (PostHog's rule). */
const DEAD_AFTER_MS = 2500;

/** Clicks belong to one burst if they are closer than this, in pixels and milliseconds (PostHog's rule). */
const BURST_PX = 30;
const BURST_MS = 1000;

/** Elements in which a click edits, selects or plays: they respond in the element itself, and repeated clicks are normal. */
const FIELDS = "input,select,textarea,label,option,video,audio,[contenteditable],[role=spinbutton],[role=slider]";

/** Names of buttons that are meant to be pressed repeatedly, and names of one character. They are compared, never sent. */
const STEPPER = /^(.|next|prev(ious)?|back|forward|more|less)$/i;

const isStepper = (event: Event, element: Element): boolean =>
  call(element, "matches", "button,[role=button]") &&
  STEPPER.test(call(element, "getAttribute", "aria-label") ?? visibleWords(event, element).join(" "));

/** Whether the visitor selects text, or presses a button or key that changes the effect of the click. */
const isSpecial = ({ button, altKey, ctrlKey, metaKey, shiftKey }: MouseEvent): boolean =>
  button > 0 || altKey || ctrlKey || metaKey || shiftKey || getSelection()?.type === "Range";

/**
 * Evidence for {@link clicks}: the position in the element, the click's number in a burst, and the response of the page.
 *
 * A burst of three or more clicks is a rage click, and a click without a response within 2.5 s is a dead click. Readers of the events
 * apply these rules. The click is captured, with its original time, when its evidence is complete. When signals report their totals,
 * for example because the page is hidden, it is captured immediately.
 *
 * Clicks on fields, text selections and modified clicks have no burst and no response. Steppers have no burst, and links have no
 * response. A scroller that scrolls by itself, such as a ticker, is no response. The position comes from an IntersectionObserver, so
 * that it forces no layout.
 */
export const clickEvidence = (): ClickEvidence => (context) => {
  context.runs("clickEvidence");
  const pending = new Set<PendingClick>();
  let previous = { x: 0, y: 0, time: 0, burst: 0 };

  const finish = (each: PendingClick) => {
    if (pending.has(each)) context.continueSession();
    if (pending.delete(each)) context.capture("click", { ...each.click, time: each.time });
    watch();
  };
  const finishIfComplete = (each: PendingClick) => {
    if (!each.needsPosition && !each.needsResponse) finish(each);
  };
  const respond = (response: NonNullable<ClickFields["response"]>, to: Iterable<PendingClick> = pending) => {
    for (const each of to) {
      if (!each.needsResponse) continue;
      each.needsResponse = false;
      each.click.response = response;
      if (response !== "none") each.click.response_ms = now() - each.time;
      finishIfComplete(each);
    }
  };

  const mutations = new MutationObserver(guard(() => respond("mutation")));
  let stopListening: (() => void) | undefined;
  /** Watches the page only while a click waits for a response. */
  const watch = () => {
    stopListening?.();
    stopListening = undefined;
    mutations.disconnect();
    if (![...pending].some(({ needsResponse }) => needsResponse)) return;
    mutations.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    stopListening = combineStops(
      // Every click moves the caret: only a selection of text is a response.
      listen(document, "selectionchange", () => getSelection()?.type === "Range" && respond("selection")),
      listen(document, "focusin focusout", () => respond("focus")),
      onNavigation(() => respond("navigation")),
    );
  };

  const locate = (each: PendingClick, element: Element) => {
    const observer = new IntersectionObserver(
      guard(([entry]: IntersectionObserverEntry[]) => {
        observer.disconnect();
        const { left = 0, top = 0, width } = entry?.boundingClientRect ?? {};
        if (width) {
          each.click.element_x = pixel(each.click.x - left);
          each.click.element_y = pixel(each.click.y - top);
        }
        each.needsPosition = false;
        finishIfComplete(each);
      }),
    );
    observer.observe(element);
  };

  // Also without a click: a scroller that scrolls by itself does so before.
  const isSelfScrolling = createSelfScrolling();
  const stopScrolling = onScroll(({ scroller, isByVisitor, sinceAction }) => {
    const isExpected = isByVisitor || sinceAction <= DEAD_AFTER_MS;
    if (!isSelfScrolling(scroller, now(), isExpected)) respond("scroll");
  });

  const stopReporting = context.on("report", (reason) => {
    if (reason === "view_end") respond("navigation");
    for (const each of pending) finish(each);
  });

  // Clicks of a session that has ended do not count in the next one.
  const stopForgetting = context.on("view", () => pending.clear());

  return {
    observe(click, event, target) {
      context.continueSession();
      const time = now();
      const isField = isSpecial(event) || !!call(target, "closest", FIELDS);
      if (!isField && !isStepper(event, target)) {
        const { x, y } = click;
        const isNear =
          Math.abs(x - previous.x) + Math.abs(y - previous.y) < BURST_PX && time - previous.time < BURST_MS;
        click.burst = isNear ? previous.burst + 1 : 1;
        previous = { x, y, time, burst: click.burst };
      }
      const each = {
        click,
        time,
        needsPosition: !!IntersectionObserver && !!click.pointer_type,
        needsResponse: !isField && !call(target, "closest", "a[*|href],area[href]"),
      };
      pending.add(each);
      if (each.needsPosition) locate(each, target);
      if (each.needsResponse) createTimer(() => respond("none", [each])).start(DEAD_AFTER_MS);
      watch();
      finishIfComplete(each);
    },
    stop() {
      stopReporting();
      stopForgetting();
      stopScrolling();
      pending.clear();
      watch();
    },
  };
};
