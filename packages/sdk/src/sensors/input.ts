import { documentsIn } from "./frames.ts";
import { combineStops, listen, type Stop, share } from "./listen.ts";
import { read } from "./members.ts";
import { createTimer } from "./timer.ts";

/** Length of an interval of {@link inIntervals}, in milliseconds. */
export const INPUT_INTERVAL_MS = 200;

/**
 * Shares the visitor's input of some types, also in frames of the same origin. It ignores events that a script
 * dispatches. An interval starts with an input and lasts {@link INPUT_INTERVAL_MS}. Only its first input is reported.
 *
 * @param types Names of the events, separated by spaces.
 * @param frequentType The name of an event that has no listeners for the rest of an interval: the browser's call of a
 * listener costs more than the work in it. For other events, adding and removing the listeners costs more.
 */
export const inIntervals = (types: string, frequentType?: string): ((listener: (event: Event) => void) => Stop) =>
  share<Event>((emit) => {
    let stopTypes: Stop | undefined;
    let stopFrequent: Stop | undefined;

    const listenInDocuments = (each: string) =>
      combineStops(...documentsIn(document).map((inner) => listen(inner, each, onEvent)));
    const startFrequent = () => {
      if (frequentType) stopFrequent = listenInDocuments(frequentType);
    };
    const timer = createTimer(startFrequent);
    const start = () => {
      stopTypes = listenInDocuments(`${types} load`);
      if (!timer.isRunning()) startFrequent();
    };
    const stop = () => {
      stopTypes?.();
      stopFrequent?.();
    };

    const onEvent = (event: Event) => {
      const isLoad = event.type === "load";
      if (!event.isTrusted || (isLoad && read(event.target as Element, "localName") !== "iframe")) return;
      // A loaded frame has another document.
      if (isLoad) {
        stop();
        start();
      } else if (!timer.isRunning()) {
        stopFrequent?.();
        timer.start(INPUT_INTERVAL_MS);
        emit(event);
      }
    };
    start();
    return combineStops(stop, timer.stop);
  });

/** Listens for inputs that show that the visitor is active (Chartbeat's list, with touch, wheel and dragging). */
export const onInput = /* @__PURE__ */ inIntervals("pointerdown keydown wheel touchmove dragover", "pointermove");
