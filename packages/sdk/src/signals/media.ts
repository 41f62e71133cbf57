import type { Signal } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { createPlayback } from "../measures/playback.ts";
import { IntersectionObserver, Map, Math } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { hold } from "../sensors/engagement-hold.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { call, read } from "../sensors/members.ts";
import { isVisible } from "../sensors/page-state.ts";
import { ignoredBy } from "../sensors/privacy.ts";
import { PLAYER_EVENT, type PlayerReport } from "../sensors/report-media.ts";
import { describe } from "../sensors/target.ts";

/** Options of {@link media}. */
export interface MediaOptions {
  /**
   * Whether a playing medium keeps the visitor active if it is audible. A muted one does if it is in view, is no loop
   * and shows a part beyond all earlier ones. Default true.
   */
  hold?: boolean;
}

/** Updates a medium from its player's state. `change`: the type of a media event, "report", "view" or "stop". */
type Update = (change: string, player?: PlayerReport) => void;

const CHANGES = `playing pause seeking seeked ratechange timeupdate ended emptied ${PLAYER_EVENT}`;

/**
 * Captures media: the parts that were played of every `<video>` and `<audio>`, and of elements with the same interface
 * (such as `<youtube-video>`). Totals are for each medium and page view, from its first play on.
 *
 * - `video_play`: the medium starts or resumes.
 * - `video_pause`: it stops before its end.
 * - `video_complete`: it reaches its end. A loop never does.
 * - `video_progress`: another quarter was watched, or totals are requested.
 *
 * A range is from the position at which playing started or resumed to the position at which it stopped, in milliseconds
 * of the medium. The part that a jump skips is not watched. A muted medium in a hidden page does not count, unless it
 * is in the Picture-in-Picture window; an audible one does.
 *
 * Media events neither bubble nor leave a shadow root. The signal receives those of the document's tree, whenever the
 * element was added. All others need {@link reportMedia}.
 *
 * @see https://html.spec.whatwg.org/multipage/media.html#mediaevents
 */
export const media =
  ({ hold: holds = true }: MediaOptions = {}): Signal =>
  (context) => {
    context.runs("media");
    const media = new Map<Element, Update>();

    /** Starts to follow a medium, at its first play. */
    const follow = (element: Element, player: PlayerReport): Update => {
      const medium = {
        media_id: `${now()}-${media.size}`,
        kind: /audio/.test(player.kind ?? read(element, "localName")) ? "audio" : "video",
        target: describe(element),
      } as const;
      let playback = createPlayback();
      let release: Stop | undefined;
      let isInView = false;
      /** The furthest position so far, in seconds. */
      let furthest = 0;
      const observer =
        IntersectionObserver &&
        new IntersectionObserver(
          guard((entries: IntersectionObserverEntry[]) => {
            for (const entry of entries) isInView = entry.isIntersecting;
          }),
        );
      observer?.observe(element);
      // An element that is removed from the document pauses outside of it, where the document's listener receives
      // nothing.
      const stopListening = listen(element, "pause", onMediaEvent);

      const update: Update = (change, next = player) => {
        player = next;
        const isRemoved = change === "emptied";
        if (change === "view") {
          playback = createPlayback();
          furthest = 0;
        }
        const muted = !!player.muted || player.volume === 0;
        const root = call(element, "getRootNode") as Document | ShadowRoot;
        const isInPicture = read(root, "pictureInPictureElement") === element;
        const isUnattended = muted && !isInPicture && !isVisible();
        const measured = playback;
        const report = measured(player, now(), isUnattended, isRemoved, change === "report");
        if (report) context.continueSession();
        // In another session the medium has another playback, which has captured its own report by now.
        if (report && playback === measured) context.capture(report.type, { ...medium, ...report, muted });

        // A film that a script starts again and again shows nothing new.
        const isSeen = (isInView || isInPicture) && !player.loop && player.currentTime >= furthest;
        furthest = Math.max(furthest, player.currentTime);

        const ends = isRemoved || change === "stop" || (player.paused && change === "view");
        // The new hold starts before the previous one ends, so that there is no gap.
        const previous = release;
        release = holds && !ends && !player.paused && (!muted || isSeen) ? hold() : undefined;
        previous?.();
        if (ends) {
          stopListening();
          observer?.disconnect();
          media.delete(element);
        }
      };
      media.set(element, update);
      return update;
    };

    const updateAll = (change: string) => {
      for (const update of media.values()) update(change);
    };

    const onMediaEvent = guard((event: Event) => {
      const [element] = event.composedPath() as [Element & PlayerReport];
      const player: PlayerReport | undefined = event.type === PLAYER_EVENT ? (event as CustomEvent).detail : element;
      if (!player || !(player.currentTime >= 0)) return;
      const update = media.get(element) ?? (!player.paused && !ignoredBy(element) && follow(element, player));
      if (update) update(event.type, player);
    });

    return combineStops(
      listen(document, CHANGES, onMediaEvent),
      context.on("report", () => updateAll("report")),
      context.on("view", () => updateAll("view")),
      () => updateAll("stop"),
    );
  };
