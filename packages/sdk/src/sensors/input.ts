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
    let documents: Document[];
    let stopTypes: Stop | undefined;
    let stopFrequent: Stop | undefined;

    const listenInDocuments = (each: string, listener: (event: Event) => void) =>
      combineStops(...documents.map((document) => listen(document, each, listener)));

    const onEvent = (event: Event) => {
      if (timer.isRunning() || !event.isTrusted) return;
      timer.start(INPUT_INTERVAL_MS);
      stopFrequent?.();
      stopFrequent = undefined;
      emit(event);
    };
    const startFrequent = () => {
      if (frequentType) stopFrequent ??= listenInDocuments(frequentType, onEvent);
    };
    const timer = createTimer(startFrequent);

    const stop = () => {
      stopTypes?.();
      stopFrequent?.();
      stopFrequent = undefined;
    };
    const start = () => {
      stop();
      documents = documentsIn(document);
      const stops = [listenInDocuments(types, onEvent), listenInDocuments("load", onLoad)];
      stopTypes = combineStops(...stops);
      if (!timer.isRunning()) startFrequent();
    };
    // A loaded frame has another document.
    const onLoad = ({ isTrusted, target }: Event) => {
      if (isTrusted && read(target as Element, "localName") === "iframe") start();
    };
    start();
    return combineStops(() => stop(), timer.stop);
  });

/** Listens for inputs that show that the visitor is active (Chartbeat's list, with touch, wheel and dragging). */
export const onInput = /* @__PURE__ */ inIntervals("pointerdown keydown wheel touchmove dragover", "pointermove");
