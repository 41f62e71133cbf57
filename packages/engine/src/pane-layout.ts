import type { Window } from "@tidemark/schema";

/**
 * The panes of a window. The window consists of `pane_count` panes of `pane_ms` milliseconds, the last of which
 * contains the read time.
 */
export interface PaneLayout {
  pane_ms: number;
  pane_count: number;
}

/**
 * Returns the panes of a window; `null` for a session or a lifetime. Only a hopping window drops its oldest part while
 * it moves: the others need one pane.
 */
export const paneLayoutOf = (window: Window): PaneLayout | null => {
  switch (window.type) {
    case "session":
    case "lifetime":
      return null;
    case "tumbling":
      return { pane_ms: window.size_ms, pane_count: 1 };
    case "cumulative":
      return { pane_ms: window.every_ms * window.panes, pane_count: 1 };
    case "hopping":
      return { pane_ms: window.every_ms, pane_count: window.panes };
  }
};
