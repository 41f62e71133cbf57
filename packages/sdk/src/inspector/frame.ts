import { guard } from "../guard.ts";
import type { Stop } from "../sensors/listen.ts";
import { adopt } from "./element.ts";

/** Important here wins over whatever the page says of all elements. */
const STYLE = `
  :host { all: initial !important; color-scheme: light dark !important; }
  iframe {
    position: fixed; inset: auto 0 0; z-index: 2147483647;
    width: 100%; height: min(45vh, 400px); border: 0;
  }
  iframe.small { height: 37px; }
  @media (max-width: 720px) { iframe { height: 60vh; } }
  @media print { :host { display: none !important; } }
`;

/** A frame in front of the page. */
export interface Frame {
  /** Whether it is as low as one line. */
  setSmall(isSmall: boolean): void;
  close: Stop;
}

/**
 * Opens a frame with a document of its own at the bottom of the page. The page's styles do not reach into it, and what is
 * done in it does not happen in the page: no listener of the page, so no signal of any tracker, hears of a click, a key or a
 * pointer in there.
 *
 * @param build Fills the document, and fills it again if the page moves the frame, which empties it.
 */
export const openFrame = (title: string, build: (document: Document) => void): Frame => {
  const host = document.createElement("tidemark-inspector");
  const root = host.attachShadow({ mode: "open" });
  const frame = document.createElement("iframe");
  adopt(root, STYLE);
  frame.title = title;
  // Some browsers replace the empty document that a frame begins with: the one that was loaded stays.
  frame.addEventListener(
    "load",
    guard(() => {
      frame.className = "";
      if (frame.contentDocument) build(frame.contentDocument);
    }),
  );
  root.append(frame);
  // Beside the body, which a page may fill anew.
  document.documentElement.append(host);
  return {
    setSmall: (isSmall) => frame.classList.toggle("small", isSmall),
    close: () => host.remove(),
  };
};
