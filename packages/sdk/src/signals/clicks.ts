import type { FieldsOf, SignalName } from "@tidemark/schema";
import type { Signal, SignalContext } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { whole } from "../measures/bounds.ts";
import { Object } from "../platform.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { read } from "../sensors/members.ts";
import { pixel, pointerOf } from "../sensors/pointer.ts";
import { ignoredBy } from "../sensors/privacy.ts";
import { anyTarget, describe } from "../sensors/target.ts";
import { createTimer } from "../sensors/timer.ts";

/** The fields of a click event. */
export type ClickFields = FieldsOf<"click"> & { time?: number };

/** Adds fields to a click: {@link clickLinks}, {@link clickNames} and {@link clickTexts}. */
export interface ClickEnrichment {
  (event: MouseEvent, target: Element): Partial<ClickFields>;
  /** Its name in the list of a page view's signals. Absent for a function of the site. */
  readonly signal?: SignalName;
}

/** Observes the time after each click, adds what it finds to the click, and then captures it: {@link clickEvidence}. */
export type ClickEvidence = (context: SignalContext) => {
  observe(click: ClickFields, event: MouseEvent, target: Element): void;
  stop: Stop;
};

/** Options of {@link clicks}. */
export interface ClickOptions {
  /** Enrichments that add fields to each click, next to target, position, button and pointer. Default: none. */
  enrichments?: ClickEnrichment[];
  /** Evidence to wait for after each click. Default: none; a click is captured at once. */
  evidence?: ClickEvidence;
}

/**
 * Captures clicks: every activation of an element by pointer, keyboard or assistive technology (`click`), and by
 * another button (`auxclick`). A click on a label is captured once, though the browser adds a click on the field.
 *
 * The target is the nearest link, button or named element, across open shadow roots. No text and no value is read
 * unless an enrichment does so.
 */
export const clicks =
  ({ enrichments = [], evidence }: ClickOptions = {}): Signal =>
  (context) => {
    context.runs("clicks", ...enrichments.map(({ signal }) => signal));
    const { observe, stop } = evidence?.(context) ?? {};
    let control: unknown;
    const controlTimer = createTimer(() => {
      control = undefined;
    });
    return combineStops(
      listen<PointerEvent>(document, "click auxclick", (event) => {
        const target = anyTarget(event);
        // After a click on a label, the browser dispatches another on the labelled field, in the same task.
        if (!target || target === control || ignoredBy(target)) return;
        control = read(target as HTMLLabelElement, "control");
        if (control) controlTimer.start();
        const click: ClickFields = {
          target: describe(target),
          ...pointerOf(event),
          page_x: pixel(event.pageX),
          page_y: pixel(event.pageY),
          button: whole(event.button, 0, 31),
        };
        for (const enrich of enrichments) guard(() => Object.assign(click, enrich(event, target)))();
        if (observe) observe(click, event, target);
        else context.capture("click", click);
      }),
      controlTimer.stop,
      () => stop?.(),
    );
  };
