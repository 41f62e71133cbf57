import { guard } from "../guard.ts";
import type { Player } from "../measures/playback.ts";

/** The event by which a page's own player speaks. */
export const PLAYER_EVENT = "tidemark:player";

/** What a page's own player says of itself. */
export interface PlayerReport extends Player {
  /** Default: "audio" when the element's name has it in it, as `<audio>` does, else "video". */
  readonly kind?: "video" | "audio";
  /** Default false. */
  readonly muted?: boolean;
  /** 0 is as good as muted. Default: it can be heard. */
  readonly volume?: number;
}

/**
 * Tells {@link media} of a player that it does not hear by itself: one in an iframe (YouTube, Vimeo), an `Audio` that is in no
 * document, a media element in a shadow root. To be called whenever something changes and a few times a second while it
 * plays; jumps are found by themselves. An object with getters keeps the last totals exact.
 *
 *     reportMedia(iframe, { currentTime: yt.getCurrentTime(), duration: yt.getDuration(), paused: yt.getPlayerState() !== 1 })
 *
 * Without the package, as by script tag, the same is a composed CustomEvent `tidemark:player` with the player as its detail.
 */
export const reportMedia = (element: Element, player: PlayerReport): void =>
  guard(() => element.dispatchEvent(new CustomEvent(PLAYER_EVENT, { composed: true, detail: player })))();
