/** An action that the driver of a browser does not support, so that no test covers it there. */
export interface DriverLimit {
  browser: "chromium" | "firefox" | "webkit";
  what: string;
  why: string;
}

/** The limits that leave a signal without a test in a browser. */
export const driverLimits: DriverLimit[] = [
  {
    browser: "webkit",
    what: "Touch",
    why: "WebKitGTK's WebDriver refuses pointer actions of type touch.",
  },
  {
    browser: "firefox",
    what: "Pinch zoom",
    why: "Firefox's WebDriver BiDi makes no gesture of two fingers that zooms.",
  },
  {
    browser: "webkit",
    what: "Pinch zoom",
    why: "WebKitGTK's WebDriver refuses pointer actions of type touch.",
  },
  {
    browser: "firefox",
    what: "The pointer leaving the window",
    why: "Firefox's WebDriver BiDi refuses points outside of the viewport.",
  },
  {
    browser: "webkit",
    what: "The pointer leaving the window",
    why: "WebKitGTK's WebDriver refuses points outside of the viewport.",
  },
  {
    browser: "webkit",
    what: "Overscroll that bounces",
    why: "Only macOS and iOS bounce; the ends are tested without it, and the arithmetic by itself.",
  },
  {
    browser: "webkit",
    what: "Clicks of the middle button",
    why: "WebKitGTK's WebDriver presses the middle button and releases the left one.",
  },
  {
    browser: "chromium",
    what: "Another window taking the focus while the page stays visible",
    why: "A headless Chromium gives each of its windows the focus.",
  },
  {
    browser: "webkit",
    what: "Another window taking the focus while the page stays visible",
    why: "The virtual screen has no window manager that would move the focus.",
  },
  {
    browser: "webkit",
    what: "Prerendering",
    why: "WebKitGTK has no speculation rules.",
  },
  {
    browser: "firefox",
    what: "Prerendering",
    why: "Firefox has no speculation rules.",
  },
  {
    browser: "firefox",
    what: "Web vitals: CLS",
    why: "Firefox has no layout-shift performance entries.",
  },
  {
    browser: "webkit",
    what: "Web vitals: CLS, INP, LCP",
    why: "This WebKitGTK has no layout-shift, event or largest-contentful-paint performance entries.",
  },
  {
    browser: "webkit",
    what: "Playing a film again after its end",
    why: "WebKitGTK's player now and then stops for good there, and near the end after a seek.",
  },
];
