/** An action or scenario that a browser's driver does not support, so that no test covers it in that browser. */
export interface DriverLimit {
  browser: "chromium" | "firefox" | "webkit";
  untested: string;
  reason: string;
}

/** Limits of the drivers that leave a behaviour of a signal untested in a browser. */
export const driverLimits: DriverLimit[] = [
  {
    browser: "webkit",
    untested: "Touch",
    reason: "WebKitGTK's WebDriver rejects pointer actions of type touch.",
  },
  {
    browser: "firefox",
    untested: "Pinch zoom",
    reason: "Firefox's WebDriver BiDi does not support a zoom gesture with two fingers.",
  },
  {
    browser: "webkit",
    untested: "Pinch zoom",
    reason: "WebKitGTK's WebDriver rejects pointer actions of type touch.",
  },
  {
    browser: "firefox",
    untested: "The pointer leaving the window",
    reason: "Firefox's WebDriver BiDi rejects points outside of the viewport.",
  },
  {
    browser: "webkit",
    untested: "The pointer leaving the window",
    reason: "WebKitGTK's WebDriver rejects points outside of the viewport.",
  },
  {
    browser: "webkit",
    untested: "Overscroll with a bounce",
    reason:
      "Only macOS and iOS bounce. Tests cover both ends without the bounce, and a unit test covers the calculation.",
  },
  {
    browser: "webkit",
    untested: "Clicks with the middle button",
    reason: "WebKitGTK's WebDriver presses the middle button and releases the left one.",
  },
  {
    browser: "webkit",
    untested: "Dragging an element",
    reason: "WebKitGTK's WebDriver moves the pointer instead, without `dragover`.",
  },
  {
    browser: "firefox",
    untested: "Picture-in-Picture",
    reason: "Firefox's WebDriver BiDi opens no tab in front of the window. The test replaces the document's property.",
  },
  {
    browser: "webkit",
    untested: "Picture-in-Picture",
    reason: "This WebKitGTK has no such window. The test replaces the document's property.",
  },
  {
    browser: "chromium",
    untested: "Focus of another window while the page stays visible",
    reason: "A headless Chromium gives each of its windows the focus.",
  },
  {
    browser: "webkit",
    untested: "Focus of another window while the page stays visible",
    reason: "The virtual screen has no window manager that moves the focus.",
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
    untested: "Replay of a video after its end",
    reason: "WebKitGTK's player sometimes stops permanently after the end, and near the end after a seek.",
  },
];
