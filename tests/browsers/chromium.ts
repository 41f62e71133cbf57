import { findChromium } from "@tidemark/cli/chromium";
import type { Abilities, Browser } from "./browser.ts";
import { startWithPuppeteer } from "./puppeteer.ts";

/** The abilities of Chromium's driver. */
export const chromiumCan: Abilities = {
  tap: true,
  pinch: true,
  leave: true,
  middle: true,
  drop: true,
  windows: false,
  prerender: true,
};

/** Starts a headless Chromium, driven over the DevTools protocol. */
export const startChromium = (userDataDir?: string): Promise<Browser> =>
  startWithPuppeteer("chromium", {
    browser: "chrome",
    ...(userDataDir && { userDataDir }),
    executablePath: findChromium(),
    args: [
      "--window-size=1280,900",
      "--disable-gpu",
      "--disable-quic",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
