import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { CommandError } from "../command-line/command-error.ts";
import { spawnWrangler } from "../deployment/wrangler.ts";
import { killGroupOnParentExit, processGroup } from "../process-group.ts";
import type { Keys } from "./keys.ts";

/** Longest time that the collector may take to start, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

/**
 * Time after wrangler's first error during the start until the start fails, in milliseconds. After some errors wrangler
 * does not exit and waits for a change of the files.
 */
const ERROR_TIMEOUT_MS = 5_000;

/** Timeout of a health check, in milliseconds. */
const HEALTH_TIMEOUT_MS = 2_000;

/**
 * Characters from the beginning and the end of wrangler's output that an error quotes. Either part may contain the
 * cause.
 */
const QUOTED_CHARACTERS = { first: 2_500, last: 2_500 };

/** A collector in the Workers runtime, in a separate process group. */
export interface CollectorProcess {
  /** Process id of wrangler. */
  pid: number;
  /** Resolves once wrangler has ended for any reason. */
  ended: Promise<void>;
  /** Stops the collector and its child processes with SIGTERM. */
  stop(): Promise<void>;
  /** Ends the whole process group with SIGKILL, like a power failure. */
  kill(): Promise<void>;
}

/** Options of {@link startCollectorProcess}. */
export interface CollectorProcessOptions {
  /** Folder of the deployment. */
  folder: string;
  port: number;
  /** Address to listen on: `127.0.0.1`, or `0.0.0.0` for all interfaces. */
  ip: string;
  /** Absolute path of the folder for the storage of the Durable Objects. */
  state: string;
  keys: Keys;
  /** Receives wrangler's standard error once the collector runs, such as a compile error after a change. */
  onError?: ((text: string) => void) | undefined;
}

/**
 * Records the output of a process. Returns a function that returns it without colours, and without its middle when it
 * is long.
 */
const recordOutput = ({ stdout, stderr }: ChildProcess): (() => string) => {
  const { first, last } = QUOTED_CHARACTERS;
  let [beginning, end] = ["", ""];
  for (const stream of [stdout, stderr])
    stream?.on("data", (chunk: Buffer) => {
      const text = stripVTControlCharacters(`${chunk}`);
      const room = first - beginning.length;
      beginning += text.slice(0, room);
      const rest = end + text.slice(room);
      end = rest.length > last ? `\n…\n${rest.slice(-last)}` : rest;
    });
  return () => beginning + end;
};

/** Whether an IPC message is wrangler's report that it listens. */
const isListeningMessage = (message: unknown): boolean => `${message}`.includes('"DEV_SERVER_READY"');

/** Whether the collector responds to a health check. Wrangler leaves requests pending until the Worker has started. */
const isHealthy = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) }).then(
    (response) => response.ok,
    () => false,
  );

/**
 * Starts the collector with `wrangler dev`, and resolves once it responds to requests.
 *
 * @throws CommandError with wrangler's output when it does not start.
 */
export const startCollectorProcess = async (options: CollectorProcessOptions): Promise<CollectorProcess> => {
  const { folder, port, ip, state, keys, onError } = options;
  const child = spawnWrangler(
    folder,
    [
      ...["dev", "--port", String(port), "--ip", ip, "--inspector-port", "0", "--persist-to", state],
      "--show-interactive-dev-session=false",
      ...Object.entries(keys).flatMap(([name, key]) => ["--var", `${name}:${key}`]),
    ],
    {
      ...{ detached: true, stdio: ["ignore", "pipe", "pipe", "ipc"], env: { NO_COLOR: "1" } },
      nodeOptions: [killGroupOnParentExit()],
    },
  );
  const exit = once(child, "exit");
  const { pid } = child;
  if (pid === undefined) throw new CommandError(`The collector did not start: ${(await exit.catch(String)) ?? ""}`);
  const group = processGroup(pid);

  let deadline = Date.now() + START_TIMEOUT_MS;
  const output = recordOutput(child);
  child.stderr?.on("data", (chunk: Buffer) => {
    if (stripVTControlCharacters(`${chunk}`).includes("[ERROR]"))
      deadline = Math.min(deadline, Date.now() + ERROR_TIMEOUT_MS);
  });
  // A health check alone is not enough: another program may respond on the port before wrangler, or instead of it.
  let isListening = false;
  child.on("message", (message) => {
    isListening ||= isListeningMessage(message);
  });
  while (!(isListening && (await isHealthy(port)))) {
    const hasEnded = await Promise.race([exit.then(() => true), sleep(100, false)]);
    if (!hasEnded && Date.now() < deadline) continue;
    await group.end("SIGKILL");
    throw new CommandError(`The collector did not start on port ${port}. Wrangler's output:\n${output()}`);
  }
  child.stderr?.on("data", (chunk: Buffer) => onError?.(String(chunk)));
  return { pid, ended: exit.then(() => {}), stop: () => group.end("SIGTERM"), kill: () => group.end("SIGKILL") };
};
