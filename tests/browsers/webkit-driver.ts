import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { findOrInstall } from "@tidemark/cli/find-or-install";
import getPort from "get-port";
import { Builder, Capabilities, type WebDriver } from "selenium-webdriver";

const isRoot = process.getuid?.() === 0;

const APT = "webkit2gtk-driver";

/** Starts a virtual screen: an X server without a display. */
const startScreen = async (): Promise<[process: ChildProcess, display: string]> => {
  const path = findOrInstall({ name: "Xvfb", variable: "XVFB", paths: ["/usr/bin/Xvfb"], apt: "xvfb" });
  const screen = spawn(path, ["-displayfd", "3", "-screen", "0", "1400x1100x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const [number] = await once(screen.stdio[3] as NodeJS.ReadableStream, "data");
  return [screen, `:${String(number).trim()}`];
};

/** Starts the driver, and waits until it is ready. */
const startDriver = async (port: number, env: NodeJS.ProcessEnv): Promise<ChildProcess> => {
  const paths = ["/usr/bin/WebKitWebDriver"];
  const path = findOrInstall({ name: "WebKitWebDriver", variable: "WEBKIT_DRIVER", paths, apt: APT });
  const driver = spawn(path, [`--port=${port}`], { env, stdio: "ignore" });
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/status`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    if (driver.exitCode !== null)
      throw new Error(`WebKitWebDriver exited with code ${driver.exitCode} before it was ready.`);
    await setTimeout(50);
  }
  return driver;
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill();
  await exit;
};

/** Starts WebKitGTK's MiniBrowser with a temporary profile and a virtual screen. `stop` ends and deletes all three. */
export const startMiniBrowser = async (): Promise<{ driver: WebDriver; stop(): Promise<void> }> => {
  const paths = ["/usr/lib/*/webkit2gtk-4.1/MiniBrowser"];
  const binary = findOrInstall({ name: "WebKitGTK's MiniBrowser", variable: "WEBKIT", paths, apt: APT });
  const home = await mkdtemp(join(tmpdir(), "tidemark-webkit-"));
  const [screen, display] = await startScreen();
  const port = await getPort();
  const service = await startDriver(port, {
    ...process.env,
    DISPLAY: display,
    XDG_CONFIG_HOME: home,
    XDG_DATA_HOME: home,
    XDG_CACHE_HOME: home,
    WEBKIT_DISABLE_COMPOSITING_MODE: "1",
    // WebKit's sandbox does not run as root.
    ...(isRoot && { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" }),
  });
  const browserOptions = { binary, args: ["--automation"] };
  const driver = await new Builder()
    .usingServer(`http://127.0.0.1:${port}`)
    .withCapabilities(new Capabilities({ browserName: "MiniBrowser", "webkitgtk:browserOptions": browserOptions }))
    .build();
  return {
    driver,
    async stop() {
      await driver.quit();
      await end(service);
      await end(screen);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
