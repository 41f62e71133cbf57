import { findOrInstall } from "@tidemark/cli/find-or-install";
import type { Abilities, Browser } from "./browser.ts";
import { startWithPuppeteer } from "./puppeteer.ts";

/** The abilities of Firefox's driver. */
export const firefoxCan: Abilities = {
  tap: true,
  pinch: false,
  leave: false,
  middle: true,
  drop: true,
  windows: true,
  prerender: false,
};

/**
 * Starts a headless Firefox, driven over WebDriver BiDi.
 *
 * @param extraPrefsFirefox Preferences (`about:config`) by name.
 */
export const startFirefox = (userDataDir?: string, extraPrefsFirefox: Record<string, number> = {}): Promise<Browser> =>
  startWithPuppeteer("firefox", {
    browser: "firefox",
    ...(userDataDir && { userDataDir }),
    executablePath: findOrInstall({
      name: "Firefox",
      variable: "FIREFOX",
      paths: ["/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
      apt: "firefox-esr",
    }),
    extraPrefsFirefox,
    args: ["--width=1280", "--height=900"],
  });
