import { chromiumCan, startChromium } from "./chromium.ts";
import { firefoxCan, startFirefox } from "./firefox.ts";
import { startWebKit, webKitCan } from "./webkit.ts";

/** The browsers that the tests drive, one for each engine. */
export type BrowserName = "chromium" | "firefox" | "webkit";

/** A point in the viewport, in CSS pixels from its top left corner. */
export interface Point {
  x: number;
  y: number;
}

/** The target of input: a point, or the centre of the first element that matches a selector; see `point-of.ts`. */
export type Place = string | Point;

/** Options of a click. Default: the left button without a modifier key. */
export interface ClickOptions {
  button?: "left" | "middle";
  modifier?: "Shift" | "Control";
}

/**
 * A tab of a real browser, driven by trusted input. Only one tab may be driven at a time. A method that the browser's
 * driver does not support throws an Error.
 */
export interface Tab {
  /** Navigates to a URL, and waits for the `load` event. */
  goto(url: string): Promise<void>;
  /**
   * Runs the body of an async function in the page, such as `return document.title`.
   *
   * @throws The script's exception.
   */
  run<R>(script: string): Promise<R>;
  /** Moves the pointer to a place, in a few steps. */
  move(to: Place): Promise<void>;
  /** Moves the pointer to a place, and clicks. */
  click(on: Place, options?: ClickOptions): Promise<void>;
  /**
   * Drags with the left button from one point to another, which selects text.
   *
   * @param pause Runs halfway, and again before the release.
   */
  drag(from: Point, to: Point, pause?: () => Promise<unknown>): Promise<void>;
  /** Turns the wheel by that many CSS pixels, downwards if positive. It does not wait for the page to scroll. */
  wheel(dy: number): Promise<void>;
  /** Presses a key by its UI Events name: "Tab", "Enter", " ", "a". With modifiers: "Shift+Tab", "Control+c". */
  press(key: string): Promise<void>;
  /** Taps a place on the screen. */
  tap(on: Place): Promise<void>;
  /** Zooms in like a gesture with two fingers. */
  pinch(factor: number): Promise<void>;
  /** Brings this tab to the front, which hides the previous tab. */
  front(): Promise<void>;
  /** Goes back in the session history, and waits for that page. */
  back(): Promise<void>;
  /** Closes the tab as a person does. The page gets its events, and has ended when this resolves. */
  close(): Promise<void>;
  /** Closes the tab without the page's `beforeunload`. */
  destroy(): Promise<void>;
  /** Freezes the page and then discards it without an event, like a browser that is low on memory. */
  discard(): Promise<void>;
  /** Leaves no free storage to the pages of an origin. Call it before the origin has stored anything. */
  fillStorage(origin: string): Promise<void>;
}

/** A running browser. */
export interface Browser {
  name: BrowserName;
  /** Opens an empty tab in front of the others. */
  newTab(): Promise<Tab>;
  /** Ends the browser, and deletes its profile if it was temporary. */
  stop(): Promise<void>;
  /** Kills all processes of the browser (SIGKILL), like a crash. */
  kill(): Promise<void>;
}

/** Abilities that some browsers' drivers have, in addition to those that all have. */
export interface Abilities {
  /** Tap the screen. */
  tap: boolean;
  /** Zoom in with two fingers. */
  pinch: boolean;
  /** Move the pointer out of the window, to a point outside the viewport. */
  leave: boolean;
  /** Click with the middle button. */
  middle: boolean;
  /** Drag an element, with the events `dragstart`, `dragover` and `drop`. */
  drop: boolean;
  /** Show two windows of which one has the focus. */
  windows: boolean;
  /** Prerender a page by speculation rules, and activate it. */
  prerender: boolean;
}

const browsers: Record<BrowserName, { start(profile?: string): Promise<Browser>; can: Abilities }> = {
  chromium: { start: startChromium, can: chromiumCan },
  firefox: { start: startFirefox, can: firefoxCan },
  webkit: { start: startWebKit, can: webKitCan },
};

/** The names of all browsers. */
export const browserNames = Object.keys(browsers) as BrowserName[];

/**
 * The abilities of a browser's driver. They are known before its start, so that a suite omits the tests that it cannot
 * run.
 */
export const abilitiesOf = (name: BrowserName): Abilities => browsers[name].can;

/**
 * Starts a browser. It is installed with apt-get if necessary.
 *
 * @param profile Folder of a profile that is kept. Default: a temporary profile.
 * @throws Error with instructions when the browser cannot be installed.
 */
export const startBrowser = (name: BrowserName, profile?: string): Promise<Browser> => browsers[name].start(profile);
