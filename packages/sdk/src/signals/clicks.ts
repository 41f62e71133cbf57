import type { EventOf, FieldsOf } from "@tidemark/schema";
import type { Signal, SignalContext } from "../events/signal.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { ignoredBy } from "../sensors/privacy.ts";
import { anyTarget, describe } from "../sensors/target.ts";

/** A click as it is reported. */
export type ClickFields = FieldsOf<"click"> & { time?: number };

/** Says more of a click than {@link clicks} does by itself: {@link clickLinks}, {@link clickNames}, {@link clickTexts}. */
export type ClickEnrichment = (event: MouseEvent, target: Element) => Partial<ClickFields>;

/** Learns of a click what only the time after it shows, and reports the click when it has; see {@link clickEvidence}. */
export type ClickEvidence = (context: SignalContext) => {
  observe(click: ClickFields, event: MouseEvent, target: Element): void;
  stop: Stop;
};

/** Options of {@link clicks}. */
export interface ClickOptions {
  /** What to say of each click beside target, position, button and pointer. Default: nothing. */
  enrichments?: ClickEnrichment[];
  /** What to wait for after each click. Default: nothing, a click is reported at once. */
  evidence?: ClickEvidence;
}

/**
 * Clicks: every activation of an element by pointer, keyboard or assistive technology (`click`), and by another button
 * (`auxclick`). A click on a label is one, though the browser adds one on the field. The target is the nearest link, button or named element, seen through open shadow roots; no text and no
 * value is read unless an enrichment does.
 */
export const clicks =
  ({ enrichments = [], evidence }: ClickOptions = {}): Signal =>
  (context) => {
    const { observe, stop } = evidence?.(context) ?? {};
    let control: unknown;
    return combineStops(
      listen<PointerEvent>(document, "click auxclick", (event) => {
        const target = anyTarget(event);
        // A click on a label is followed, in the same task, by the browser's own click on the labelled field.
        if (!target || target === control || ignoredBy(target)) return;
        ({ control } = target as HTMLLabelElement);
        if (control)
          setTimeout(() => {
            control = undefined;
          });
        const click: ClickFields = {
          target: describe(target),
          x: Math.round(event.clientX),
          y: Math.round(event.clientY),
          page_x: Math.round(event.pageX),
          page_y: Math.round(event.pageY),
          button: event.button,
          pointer_type: (event.pointerType ?? "") as EventOf<"click">["pointer_type"],
        };
        Object.assign(click, ...enrichments.map((enrich) => enrich(event, target)));
        if (observe) observe(click, event, target);
        else context.capture("click", click);
      }),
      () => stop?.(),
    );
  };
