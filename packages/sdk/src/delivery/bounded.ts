import { AbortController, Error, Promise } from "../platform.ts";
import { onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";

/** Time limit of a request, in milliseconds. */
const TIMEOUT_MS = 15_000;

/**
 * The reason why a request ended that was in progress when the page was stored in the back-forward cache. It is no
 * Error: the creation of one while the script loads may cost milliseconds, for its position in the code.
 */
export const RESTORED = {};

/**
 * Runs a request with a time limit of {@link TIMEOUT_MS}. The page's own timer ends it: a browser may ignore the
 * signal, and then neither answers nor fails. A page that is restored from the back-forward cache waits for no request
 * of before: some browsers never end them.
 *
 * @throws Error of the request or of the time limit, or {@link RESTORED}.
 */
export const bounded = async <R>(request: (signal: AbortSignal) => Promise<R>): Promise<R> => {
  const controller = new AbortController();
  let stop: (() => void) | undefined;
  const abandoned = new Promise<never>((_, reject) => {
    const abandon = (reason: object) => {
      reject(reason);
      controller.abort();
    };
    const timer = createTimer(() => abandon(new Error(`no response in ${TIMEOUT_MS} ms`)));
    timer.start(TIMEOUT_MS);
    const stopListening = onPageChange((change) => change === "restore" && abandon(RESTORED));
    stop = () => {
      timer.stop();
      stopListening();
    };
  });
  try {
    return await Promise.race([abandoned, request(controller.signal)]);
  } finally {
    stop?.();
  }
};
