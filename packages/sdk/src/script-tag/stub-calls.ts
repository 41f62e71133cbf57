import { guard } from "../guard.ts";
import { Object } from "../platform.ts";
import type { Tracker } from "../tracker/tracker.ts";

/** A recorded call: the method, its arguments, and the function that resolves the promise of its result. */
type Call = [method: keyof Tracker, args: never[], resolve?: (result: unknown) => void];

/** The object that holds the tracker's place until the tag has loaded; see `stub.ts`. */
export interface Stub {
  q?: Iterable<Call> & { push(call: Call): void };
  config?: object;
}

/** Replays the calls that a stub has recorded, in order. From then on, a call of a stub method runs immediately. */
export const replayCalls = (stub: Stub, tracker: Tracker): void => {
  const replay = guard(([method, args, resolve]: Call) => {
    const result = (tracker[method] as (...args: never[]) => unknown)(...args);
    // A call without a stub has nobody to receive a rejected promise.
    return resolve ? resolve(result) : result;
  });
  for (const call of stub.q ?? []) replay(call);
  Object.assign(stub, { q: { push: replay } });
};
