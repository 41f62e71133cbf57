import { guard } from "../guard.ts";
import type { Stop } from "../sensors/listen.ts";
import { adopt } from "./element.ts";

/** Important here wins over whatever the page says of all elements. */
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

/** The element that holds a frame. */
const HOST = "tidemark-inspector";

/** Gives each frame its share of the width: a page with several trackers may have as many. */
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
  const host = document.createElement(HOST);
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
  arrange();
  return {
    setSmall: (isSmall) => frame.classList.toggle("small", isSmall),
    close() {
      host.remove();
      arrange();
    },
  };
};
