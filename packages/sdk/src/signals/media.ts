import type { Signal } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { createPlayback } from "../measures/playback.ts";
import { now } from "../sensors/clock.ts";
import { hold } from "../sensors/engagement-hold.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { isVisible } from "../sensors/page-state.ts";
import { ignoredBy } from "../sensors/privacy.ts";
import { PLAYER_EVENT, type PlayerReport } from "../sensors/report-media.ts";
import { describe } from "../sensors/target.ts";

/** Options of {@link media}. */
export interface MediaOptions {
  /** Whether a playing medium that can be heard, or is in sight and no muted loop, keeps the visitor engaged. Default true. */
  hold?: boolean;
}

/** Takes in what the player says because of a change: a media event, "report", "view" or "stop". */
type Look = (change: string, player?: PlayerReport) => void;

const CHANGES = `playing pause seeking seeked ratechange timeupdate ended emptied ${PLAYER_EVENT}`;

/**
 * Media: what was played of every `<video>` and `<audio>` and of whatever behaves as one (`<youtube-video>` and its like), in
 * total for each medium and page view, from the first time that it plays. `video_play` when it begins or goes on,
 * `video_pause` when it stops before its end, `video_complete` at its end, which a loop never reaches, `video_progress` at
 * each quarter watched and when totals are wanted. A range runs from where playing began or went on to where it stopped,
 * by the medium's own timeline (ms); what a jump skipped is not watched. What plays muted in a hidden page plays for
 * nobody and does not count; what can be heard does.
 *
 * Media events neither bubble nor leave a shadow root: those of the document's own tree are heard as they come in, whenever
 * the element was added; for all others there is {@link reportMedia}.
 *
 * @see https://html.spec.whatwg.org/multipage/media.html#mediaevents
 */
export const media =
  ({ hold: holds = true }: MediaOptions = {}): Signal =>
  (context) => {
    const media = new Map<Element, Look>();

    /** Follows a medium from when it first plays. */
    const follow = (element: Element, player: PlayerReport): Look => {
      const name = {
        media_id: `${now()}-${media.size}`,
        kind: player.kind ?? (/audio/.test(element.localName) ? "audio" : "video"),
        target: describe(element),
      } as const;
      let playback = createPlayback();
      let release: Stop | undefined;
      let isInSight = false;
      const sight =
        globalThis.IntersectionObserver &&
        new IntersectionObserver((entries) => {
          for (const entry of entries) isInSight = entry.isIntersecting;
        });
      sight?.observe(element);
      // An element that is taken out of the document pauses where the document does not hear it.
      const leave = listen(element, "pause", hear);

      const look: Look = (change, next = player) => {
        player = next;
        const isGone = change === "emptied";
        if (change === "view") playback = createPlayback();
        const muted = player.muted || player.volume === 0;
        const statement = playback(player, now(), muted && !isVisible(), isGone, change === "report");
        if (statement) context.capture(statement.type, { ...name, ...statement, muted });

        const ends = isGone || change === "stop" || (player.paused && change === "view");
        // The new hold begins before the old one ends: the visitor is held throughout.
        const held = release;
        release = holds && !ends && !player.paused && (!muted || (isInSight && !player.loop)) ? hold() : undefined;
        held?.();
        if (ends) {
          leave();
          sight?.disconnect();
          media.delete(element);
        }
      };
      media.set(element, look);
      return look;
    };

    const lookAtAll = (change: string) => {
      for (const look of media.values()) look(change);
    };

    const hear = guard((event: Event) => {
      const [element] = event.composedPath() as [Element & PlayerReport];
      const player: PlayerReport | undefined = event.type === PLAYER_EVENT ? (event as CustomEvent).detail : element;
      if (!player || !(player.currentTime >= 0)) return;
      const look = media.get(element) ?? (!player.paused && !ignoredBy(element) && follow(element, player));
      if (look) look(event.type, player);
    });

    return combineStops(
      listen(document, CHANGES, hear),
      context.on("report", () => lookAtAll("report")),
      context.on("view", () => lookAtAll("view")),
      () => lookAtAll("stop"),
    );
  };
