import { guard } from "../guard.ts";
import { Math, MutationObserver, ResizeObserver } from "../platform.ts";
import { now } from "./clock.ts";
import { type Stop, share } from "./listen.ts";
import { read } from "./members.ts";
import { createTimer } from "./timer.ts";

/** Time without a change after which content is settled, in milliseconds. */
const QUIET_MS = 300;

/** Longest wait for settled content, in milliseconds. */
const MAX_MS = 2_000;

/** Whether a change may replace content. A class of an animation, an added spinner and a title do not. */
const replacesContent = ({ type, target, removedNodes }: MutationRecord): boolean =>
  (type === "characterData" || !!removedNodes[0]) && !read(document, "head")?.contains(target);

/** Listens for changes of the document's nodes and size. It reports whether a change may replace content. */
const onContentChange = share<boolean>((emit) => {
  const mutations = new MutationObserver(guard((records: MutationRecord[]) => emit(records.some(replacesContent))));
  const resizes = ResizeObserver && new ResizeObserver(guard(() => emit(false)));
  mutations.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  for (const element of [read(document, "documentElement"), read(document, "body")])
    if (element) resizes?.observe(element);
  return () => {
    mutations.disconnect();
    resizes?.disconnect();
  };
});

/** A wait for the content of one page view at a time. */
export interface Settling {
  /** Starts to wait, from the beginning. */
  start(): void;
  stop: Stop;
}

/**
 * Creates a wait that calls `run` once the content of a page view is settled. It is settled after 300 ms without a
 * mutation or a resize, at most 2 s after the start.
 *
 * A router may change the URL before the content. So where the URL is another one than at the previous start, the
 * 300 ms begin when content is replaced.
 */
export const createSettling = (run: () => void): Settling => {
  let { href } = location;
  let until = 0;
  let unfollow: Stop | undefined;

  const stop = () => {
    timer.stop();
    unfollow?.();
    unfollow = undefined;
  };
  const timer = createTimer(() => {
    stop();
    run();
  });
  const wait = (ms: number) => {
    timer.stop();
    timer.start(Math.min(ms, until - now()));
  };
  return {
    start() {
      stop();
      let isPrevious = href !== location.href;
      href = location.href;
      until = now() + MAX_MS;
      wait(isPrevious ? MAX_MS : QUIET_MS);
      unfollow = onContentChange((isReplaced) => {
        isPrevious &&= !isReplaced;
        if (!isPrevious) wait(QUIET_MS);
      });
    },
    stop,
  };
};
