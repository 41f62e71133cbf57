import { guard } from "../guard.ts";
import type { Player } from "../measures/playback.ts";
import { CustomEvent } from "../platform.ts";

/** The name of the DOM event by which a custom player reports its state. */
export const PLAYER_EVENT = "tidemark:player";

/** The state of a custom player. */
export interface PlayerReport extends Player {
  /** Default: "audio" when the element's name contains "audio", else "video". */
  readonly kind?: "video" | "audio";
  /** Default false. */
  readonly muted?: boolean;
  /** 0 counts as muted. Default: audible. */
  readonly volume?: number;
}

/**
 * Reports the state of a player that {@link media} cannot observe by itself. Such players are in an iframe (YouTube,
 * Vimeo), are an `Audio` outside of any document, or are in a shadow root.
 *
 * Call it at every change, and a few times a second while the player plays; `media` detects jumps from the positions.
 * An object with getters keeps the last totals exact.
 *
 *     reportMedia(iframe, { currentTime: yt.getCurrentTime(), duration: yt.getDuration(), paused: yt.getPlayerState() !== 1 })
 *
 * A page with the script tag dispatches a composed CustomEvent `tidemark:player` on the element instead, with the
 * player's state as its `detail`.
 */
export const reportMedia = (element: Element, player: PlayerReport): void =>
  guard(() => element.dispatchEvent(new CustomEvent(PLAYER_EVENT, { composed: true, detail: player })))();
