import { guard } from "../guard.ts";
import type { Stop } from "../sensors/listen.ts";
import { setStyle } from "./element.ts";

/** The host's style. `!important` overrides rules of the page that match every element. */
const STYLE = `
  :host { all: initial !important; color-scheme: light dark !important; }
  iframe {
    position: fixed; bottom: 0; z-index: 2147483647;
    height: min(45vh, 400px); border: 0;
  }
  iframe.small { height: 37px; }
  @media (max-width: 720px) { iframe { height: 60vh; } }
  @media print { :host { display: none !important; } }
`;

/** The tag name of the element that contains a frame. */
const HOST = "tidemark-inspector";

/** Divides the width among the frames: a page with several trackers may have several frames. */
const arrange = () => {
  const hosts = [...document.querySelectorAll(HOST)];
  for (const [place, host] of hosts.entries()) {
    const style = host.shadowRoot?.querySelector("iframe")?.style;
    style?.setProperty("width", `${100 / hosts.length}%`);
    style?.setProperty("left", `${(100 * place) / hosts.length}%`);
  }
};

/** A frame in front of the page. */
export interface Frame {
  /** Reduces the frame to the height of one line, or restores it. */
  setSmall(isSmall: boolean): void;
  close: Stop;
}

/**
 * Opens a frame with a separate document at the bottom of the page. The page's styles do not affect it. Clicks, keys and pointer
 * movements in the frame reach no listener of the page, and so no signal of any tracker.
 *
 * @param build Fills the document. It runs again if the page moves the frame, which empties the document.
 */
export const openFrame = (title: string, build: (document: Document) => void): Frame => {
  const host = document.createElement(HOST);
  const root = host.attachShadow({ mode: "open" });
  const frame = document.createElement("iframe");
  setStyle(root, STYLE);
  frame.title = title;
  // Some browsers replace the initial empty document of a frame: only the loaded document stays.
  frame.addEventListener(
    "load",
    guard(() => {
      frame.className = "";
      if (frame.contentDocument) build(frame.contentDocument);
    }),
  );
  root.append(frame);
  // Outside of the body, because a page may replace the content of its body.
  document.documentElement.append(host);
  arrange();
  return {
    setSmall: (isSmall) => frame.classList.toggle("small", isSmall),
    close() {
      host.remove();
      arrange();
    },
  };
};
