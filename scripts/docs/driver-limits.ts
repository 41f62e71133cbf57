/** An action that the driver of a browser does not support, so that no test covers it there. */
export interface DriverLimit {
  browser: "chromium" | "firefox" | "webkit";
  untested: string;
  reason: string;
}

/** The limits that leave a signal without a test in a browser. */
export const driverLimits: DriverLimit[] = [
  {
    browser: "webkit",
    untested: "Touch",
    reason: "WebKitGTK's WebDriver refuses pointer actions of type touch.",
  },
  {
    browser: "firefox",
    untested: "Pinch zoom",
    reason: "Firefox's WebDriver BiDi makes no gesture of two fingers that zooms.",
  },
  {
    browser: "webkit",
    untested: "Pinch zoom",
    reason: "WebKitGTK's WebDriver refuses pointer actions of type touch.",
  },
  {
    browser: "firefox",
    untested: "The pointer leaving the window",
    reason: "Firefox's WebDriver BiDi refuses points outside of the viewport.",
  },
  {
    browser: "webkit",
    untested: "The pointer leaving the window",
    reason: "WebKitGTK's WebDriver refuses points outside of the viewport.",
  },
  {
    browser: "webkit",
    untested: "Overscroll that bounces",
    reason: "Only macOS and iOS bounce; the ends are tested without it, and the arithmetic by itself.",
  },
  {
    browser: "webkit",
    untested: "Clicks of the middle button",
    reason: "WebKitGTK's WebDriver presses the middle button and releases the left one.",
  },
  {
    browser: "chromium",
    untested: "Another window taking the focus while the page stays visible",
    reason: "A headless Chromium gives each of its windows the focus.",
  },
  {
    browser: "webkit",
    untested: "Another window taking the focus while the page stays visible",
    reason: "The virtual screen has no window manager that would move the focus.",
  },
  {
    browser: "webkit",
    untested: "Prerendering",
    reason: "WebKitGTK has no speculation rules.",
  },
  {
    browser: "firefox",
    untested: "Prerendering",
    reason: "Firefox has no speculation rules.",
  },
  {
    browser: "firefox",
    untested: "Web vitals: CLS",
    reason: "Firefox has no layout-shift performance entries.",
  },
  {
    browser: "webkit",
    untested: "Web vitals: CLS, INP, LCP",
    reason: "This WebKitGTK has no layout-shift, event or largest-contentful-paint performance entries.",
  },
  {
    browser: "webkit",
    untested: "Playing a film again after its end",
    reason: "WebKitGTK's player now and then stops for good there, and near the end after a seek.",
  },
];
