import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { processGroup } from "../process-group.ts";
import { createTemporaryFolder } from "../temporary-folder.ts";
import { findOrInstall, type Program } from "./find-or-install.ts";

const CHROMIUM: Program = {
  name: "Chromium or Chrome",
  variable: "CHROMIUM",
  paths: [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ],
  apt: "chromium",
};

const isRoot = process.getuid?.() === 0;

/**
 * Returns the path of a Chromium, which it installs when the machine has none.
 *
 * @throws Error that explains how to install one.
 */
export const findChromium = (): string => findOrInstall(CHROMIUM);

/** A running headless Chromium. */
export interface HeadlessChromium {
  context: BrowserContext;
  stop(): Promise<void>;
}

const FLAGS = [
  ...["--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--window-size=1280,900"],
];

/**
 * Starts Chromium and connects Playwright to it without Playwright's defaults. Those emulate focus: a page would stay
 * visible behind another tab, and dwell depends on visibility.
 */
export const startChromium = async (): Promise<HeadlessChromium> => {
  const profile = createTemporaryFolder("tidemark-chromium-");
  const child = spawn(
    findChromium(),
    [...FLAGS, ...(isRoot ? ["--no-sandbox"] : []), `--user-data-dir=${profile.path}`, "about:blank"],
    { stdio: ["ignore", "ignore", "pipe"], detached: true },
  );
  const exit = once(child, "exit");
  const group = child.pid === undefined ? undefined : processGroup(child.pid);
  const endpoint = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stderr.on("data", (chunk) => {
      output += chunk;
      const url = /DevTools listening on (ws:\S+)/.exec(output)?.[1];
      if (url) resolve(url);
    });
    exit.then(() => reject(new Error(`Chromium exited before Playwright could connect:\n${output}`)));
  });
  const browser: Browser = await chromium.connectOverCDP(endpoint, { noDefaults: true });
  const [context] = browser.contexts();
  if (!context) throw new Error("Chromium has no browser context");
  return {
    context,
    async stop() {
      await browser.close();
      await group?.end("SIGTERM");
      profile.remove();
    },
  };
};
