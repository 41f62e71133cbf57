import { documentsIn } from "./frames.ts";
import { combineStops, createListener, keepAdded, type Stop, share } from "./listen.ts";
import { read } from "./members.ts";
import { createTimer } from "./timer.ts";

/** Length of an interval of {@link inIntervals}, in milliseconds. */
export const INPUT_INTERVAL_MS = 200;

/**
 * Shares the visitor's input of some types, also in frames of the same origin. It ignores events that a script
 * dispatches. An interval starts with an input and lasts {@link INPUT_INTERVAL_MS}. Only its first input is reported.
 *
 * @param types Names of the events, separated by spaces.
 * @param frequentType The name of an event that has no listener for the rest of an interval: the browser's call of a
 * listener costs more than the work in it. For other events, adding and removing the listener costs more.
 */
export const inIntervals = (types: string, frequentType: string): ((listener: (event: Event) => void) => Stop) =>
  share<Event>((emit) => {
    let documents: Document[] = [];
    const onEvent = (event: Event) => {
      const isLoad = event.type === "load";
      if (!event.isTrusted || (isLoad && read(event.target as Element, "localName") !== "iframe")) return;
      if (isLoad) start();
      else if (!timer.isRunning()) {
        frequent.remove(...documents);
        timer.start(INPUT_INTERVAL_MS);
        emit(event);
      }
    };
    const others = createListener(`${types} load`, onEvent);
    const frequent = createListener(frequentType, onEvent);
    /** Adds the listeners that are missing. A frame may have another document, or have lost its listeners by `open()`. */
    const start = () => {
      documents = documentsIn(document);
      others.add(...documents);
      if (!timer.isRunning()) frequent.add(...documents);
    };
    // To look for frames takes time for each element of a page. A page without any needs no look.
    const timer = createTimer(() => (window.length || documents[1] ? start() : frequent.add(...documents)));
    const stop = () => {
      others.remove(...documents);
      frequent.remove(...documents);
    };
    return combineStops(keepAdded(start), stop, timer.stop);
  });

/** Listens for inputs that show that the visitor is active (Chartbeat's list, with touch, wheel and dragging). */
export const onInput = /* @__PURE__ */ inIntervals("pointerdown keydown wheel touchmove dragover", "pointermove");
