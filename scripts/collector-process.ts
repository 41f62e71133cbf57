import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WRANGLER = `${ROOT}node_modules/wrangler/bin/wrangler.js`;

/** A start that takes longer has failed, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

/** A stop that takes longer is forced, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000;

/** A collector on the real Workers runtime, in a process group of its own. */
export interface CollectorProcess {
  origin: string;
  /** Ends it in good order, and everything that it started. */
  stop(): Promise<void>;
  /** Ends it at once, as a power cut would (SIGKILL to the whole group). */
  kill(): Promise<void>;
}

/** What {@link startCollector} needs to know. */
export interface CollectorOptions {
  port: number;
  /** Folder that holds the Durable Objects' storage, so that a later start finds it again. */
  state: string;
  /** Value of the secret TIDEMARK_READ_KEY. */
  readKey: string;
  /** Value of the secret TIDEMARK_ADMIN_KEY. */
  adminKey: string;
}

const endGroup = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  const { pid } = child;
  if (pid === undefined) return;
  const send = (name: NodeJS.Signals | 0) => {
    try {
      return process.kill(-pid, name);
    } catch {
      return false;
    }
  };
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  send(signal);
  while (send(0)) {
    if (Date.now() > deadline) send("SIGKILL");
    await sleep(20);
  }
};

/**
 * Starts the collector with `wrangler dev` and waits until it answers.
 *
 * @throws Error with wrangler's last words when it does not.
 */
export const startCollector = async ({
  port,
  state,
  readKey,
  adminKey,
}: CollectorOptions): Promise<CollectorProcess> => {
  const child = spawn(
    process.execPath,
    [
      ...[WRANGLER, "dev", "--port", String(port), "--ip", "127.0.0.1", "--inspector-port", "0"],
      ...["--persist-to", state, "--show-interactive-dev-session=false"],
      ...["--var", `TIDEMARK_READ_KEY:${readKey}`, "--var", `TIDEMARK_ADMIN_KEY:${adminKey}`],
    ],
    {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
        WRANGLER_SEND_METRICS: "false",
        NO_COLOR: "1",
      },
    },
  );
  const exit = once(child, "exit");
  let said = "";
  const listen = (chunk: Buffer) => {
    said = (said + chunk).slice(-4000);
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);

  const origin = `http://localhost:${port}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const answers = await fetch(`${origin}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (answers) break;
    const ended = await Promise.race([exit.then(() => true), sleep(100, false)]);
    if (ended || Date.now() > deadline) {
      await endGroup(child, "SIGKILL");
      throw new Error(`the collector did not start on port ${port}. Its last words:\n${said}`);
    }
  }
  return { origin, stop: () => endGroup(child, "SIGTERM"), kill: () => endGroup(child, "SIGKILL") };
};
