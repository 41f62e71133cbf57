import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { CommandError } from "../command-line/command-error.ts";
import { spawnWrangler } from "../deployment/wrangler.ts";
import { killGroupOnParentExit, processGroup } from "../process-group.ts";
import type { Keys } from "./keys.ts";

/** Longest start, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

/**
 * Longest time from an error that wrangler reports while it starts to the failure of the start, in milliseconds. After some errors
 * wrangler waits for a change of the files.
 */
const ERROR_TIMEOUT_MS = 5_000;

/** Longest time to an answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Characters from the beginning and from the end of wrangler's output that an error quotes: either may say what is wrong. */
const QUOTED_CHARACTERS = { first: 2_500, last: 2_500 };

/** A collector on the real Workers runtime, in a process group of its own. */
export interface CollectorProcess {
  /** Process id of wrangler. */
  pid: number;
  /** Resolves once wrangler has ended, whatever ended it. */
  ended: Promise<void>;
  /** Ends the collector and everything that it started, in good order. */
  stop(): Promise<void>;
  /** Ends the whole process group at once (SIGKILL), as a power cut does. */
  kill(): Promise<void>;
}

/** Options of {@link startCollectorProcess}. */
export interface CollectorProcessOptions {
  /** Folder of the deployment. */
  folder: string;
  port: number;
  /** Address to listen on: `127.0.0.1`, or `0.0.0.0` for all interfaces. */
  ip: string;
  /** Absolute path of the folder that holds the Durable Objects' storage, so that a later start finds it again. */
  state: string;
  keys: Keys;
  /** Receives what wrangler reports on standard error once the collector runs, such as a change that does not compile. */
  onError?: ((text: string) => void) | undefined;
}

/** Returns a function that gives the output of a process without colours, and without its middle when it is long. */
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

/** Message of wrangler to the process that started it. */
const isListeningMessage = (message: unknown): boolean => `${message}`.includes('"DEV_SERVER_READY"');

/** Asks once. Wrangler answers no request while the Worker does not start. */
const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }).then(
    (response) => response.ok,
    () => false,
  );

/**
 * Starts the collector with `wrangler dev` and waits until it answers.
 *
 * @throws CommandError with wrangler's output when it does not.
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
  // Another program may answer on the port before wrangler listens there, or instead.
  let isListening = false;
  child.on("message", (message) => {
    isListening ||= isListeningMessage(message);
  });
  while (!(isListening && (await answers(port)))) {
    const hasEnded = await Promise.race([exit.then(() => true), sleep(100, false)]);
    if (!hasEnded && Date.now() < deadline) continue;
    await group.end("SIGKILL");
    throw new CommandError(`The collector did not start on port ${port}. Wrangler's output:\n${output()}`);
  }
  child.stderr?.on("data", (chunk: Buffer) => onError?.(String(chunk)));
  return { pid, ended: exit.then(() => {}), stop: () => group.end("SIGTERM"), kill: () => group.end("SIGKILL") };
};
