import { chromiumCan, startChromium } from "./chromium.ts";
import { firefoxCan, startFirefox } from "./firefox.ts";
import { startWebKit, webKitCan } from "./webkit.ts";

/** The browsers that tests drive, by the engines that people's browsers are made of. */
export type BrowserName = "chromium" | "firefox" | "webkit";

/** A place in the viewport, in CSS pixels from its top left corner. */
export interface Point {
  x: number;
  y: number;
}

/** Where input goes: a point, or the centre of the first element that a selector finds; see `centre.ts`. */
export type Place = string | Point;

/** How a click differs from a plain one of the left button. */
export interface ClickOptions {
  button?: "left" | "middle";
  modifier?: "Shift" | "Control";
}

/**
 * A tab of a real browser, driven by input that the browser takes for a person's: its events are trusted. Only one tab may be
 * driven at a time. Whatever the browser cannot do throws an Error that says so.
 */
export interface Tab {
  /** Goes to a URL, until its `load` event. */
  goto(url: string): Promise<void>;
  /** Runs the body of an async function in the page, as `return document.title`. @throws Error of the script's own. */
  run<R>(script: string): Promise<R>;
  /** Moves the pointer there in a few steps. */
  move(to: Place): Promise<void>;
  /** Moves the pointer there and clicks. */
  click(on: Place, options?: ClickOptions): Promise<void>;
  /** Presses the left button at one point and releases it at another, which selects text. */
  drag(from: Point, to: Point): Promise<void>;
  /** Turns the wheel at the pointer by so many CSS pixels, downwards if positive. It does not wait for the page to scroll. */
  wheel(dy: number): Promise<void>;
  /** Presses a key by its UI Events name: "Tab", "Enter", " ", "a". With modifiers: "Shift+Tab", "Control+c". */
  press(key: string): Promise<void>;
  /** Touches the screen there for a moment. */
  tap(on: Place): Promise<void>;
  /** Zooms in as two fingers do, so that less of the page is seen, larger. */
  pinch(factor: number): Promise<void>;
  /** Brings this tab to the front, so that the page in front until now is hidden. */
  front(): Promise<void>;
  /** Goes back in the session history, until that page is there. */
  back(): Promise<void>;
  /** Closes the tab as a person does: the page is told, and gone when this resolves. */
  close(): Promise<void>;
  /** Closes the tab without asking its page. */
  destroy(): Promise<void>;
  /** Freezes the page, then takes it from memory without a word to it, as a browser that is short of memory does. */
  discard(): Promise<void>;
  /** Leaves no storage to the pages of an origin. Call it before the origin has stored anything. */
  fillStorage(origin: string): Promise<void>;
}

/** A running browser. */
export interface Browser {
  name: BrowserName;
  /** Opens an empty tab in front of the others. */
  newTab(): Promise<Tab>;
  /** Ends the browser, and forgets its profile if that was its own. */
  stop(): Promise<void>;
  /** Ends all of its processes at once, as a crash would (SIGKILL). */
  kill(): Promise<void>;
}

/** What a browser can be driven to do, beside what all of them can. */
export interface Abilities {
  /** Touch the screen. */
  tap: boolean;
  /** Zoom in as two fingers do. */
  pinch: boolean;
  /** Move the pointer out of the window: to a point that is not in the viewport. */
  leave: boolean;
  /** Click with the middle button. */
  middle: boolean;
  /** Show two windows of which one has the focus. */
  windows: boolean;
  /** Load a page ahead by speculation rules and activate it. */
  prerender: boolean;
}

const browsers: Record<BrowserName, { start(profile?: string): Promise<Browser>; can: Abilities }> = {
  chromium: { start: startChromium, can: chromiumCan },
  firefox: { start: startFirefox, can: firefoxCan },
  webkit: { start: startWebKit, can: webKitCan },
};

/** All browsers, to run a suite in each. */
export const browserNames = Object.keys(browsers) as BrowserName[];

/** What a browser can be driven to do: known before it is started, so that a suite has no case that it could not run. */
export const abilitiesOf = (name: BrowserName): Abilities => browsers[name].can;

/**
 * Starts a browser: one that is installed, or that apt-get installs now.
 *
 * @param profile Folder of a profile that outlives this browser. Default: a fresh profile, gone with it.
 * @throws Error that says how to get it.
 */
export const startBrowser = (name: BrowserName, profile?: string): Promise<Browser> => browsers[name].start(profile);
