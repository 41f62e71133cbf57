import type { Window } from "@tidemark/schema";

/** How a window is cut into panes: it covers `panes` of `pane_ms` up to the one which the moment lies in. */
export interface PaneLayout {
  pane_ms: number;
  panes: number;
}

/**
 * The panes of a window; `null` for one without a fixed size. Only a hopping window drops its oldest part while it goes on, so
 * that the others need no more than one pane.
 */
export const paneLayoutOf = (window: Window): PaneLayout | null => {
  switch (window.type) {
    case "session":
    case "lifetime":
      return null;
    case "tumbling":
      return { pane_ms: window.size_ms, panes: 1 };
    case "cumulative":
      return { pane_ms: window.every_ms * window.panes, panes: 1 };
    case "hopping":
      return { pane_ms: window.every_ms, panes: window.panes };
  }
};
