import type { EngineName } from "../../tests/browsers/browser.ts";

/** What the tests cannot make an engine do, so that no test says how the SDK behaves there. */
export interface Undrivable {
  engine: EngineName;
  what: string;
  why: string;
}

/** All that could not be driven, for the documentation to show. */
export const undrivable: Undrivable[] = [
  {
    engine: "webkit",
    what: "Touch",
    why: "WebKitGTK's WebDriver refuses pointer actions of type touch.",
  },
  {
    engine: "firefox",
    what: "Pinch zoom",
    why: "Firefox's WebDriver BiDi makes no gesture of two fingers that zooms.",
  },
  {
    engine: "webkit",
    what: "Pinch zoom",
    why: "WebKitGTK's WebDriver refuses pointer actions of type touch.",
  },
  {
    engine: "firefox",
    what: "The pointer leaving the window",
    why: "Firefox's WebDriver BiDi refuses points outside of the viewport.",
  },
  {
    engine: "webkit",
    what: "The pointer leaving the window",
    why: "WebKitGTK's WebDriver refuses points outside of the viewport.",
  },
  {
    engine: "webkit",
    what: "Overscroll that bounces",
    why: "Only macOS and iOS bounce; the ends are tested without it, and the arithmetic by itself.",
  },
  {
    engine: "webkit",
    what: "Clicks of the middle button",
    why: "WebKitGTK's WebDriver presses the middle button and releases the left one.",
  },
  {
    engine: "chromium",
    what: "Another window taking the focus while the page stays visible",
    why: "A headless Chromium gives each of its windows the focus.",
  },
  {
    engine: "webkit",
    what: "Another window taking the focus while the page stays visible",
    why: "The virtual screen has no window manager that would move the focus.",
  },
  {
    engine: "webkit",
    what: "Prerendering",
    why: "WebKitGTK has no speculation rules.",
  },
  {
    engine: "firefox",
    what: "Prerendering",
    why: "Firefox has no speculation rules.",
  },
  {
    engine: "firefox",
    what: "Web vitals: CLS",
    why: "Firefox has no layout-shift performance entries.",
  },
  {
    engine: "webkit",
    what: "Web vitals: CLS, INP, LCP",
    why: "This WebKitGTK has no layout-shift, event or largest-contentful-paint performance entries.",
  },
  {
    engine: "webkit",
    what: "Playing a film again after its end",
    why: "WebKitGTK's player now and then stops for good there, and near the end after a seek.",
  },
];
