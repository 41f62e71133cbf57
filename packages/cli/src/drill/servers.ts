import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import getPort from "get-port";
import { findOrInstall } from "../browser/find-or-install.ts";
import { processGroup } from "../process-group.ts";

const run = promisify(execFile);

/** Time for the start of a server on a busy machine, in milliseconds. */
const START_MS = 60_000;

const programOf = (name: string, apt: string): string =>
  findOrInstall({ name, variable: `${name.toUpperCase().replace("-", "_")}_PATH`, paths: [`/usr/bin/${name}`], apt });

/** The programs of Prometheus and Alertmanager, installed if necessary. */
export const programs = {
  prometheus: () => programOf("prometheus", "prometheus"),
  promtool: () => programOf("promtool", "prometheus"),
  alertmanager: () => programOf("prometheus-alertmanager", "prometheus-alertmanager"),
  amtool: () => programOf("amtool", "prometheus-alertmanager"),
};

/** Runs a tool to its end. Returns its output. @throws Error with the output if it fails. */
export const runTool = async (program: string, args: string[], cwd: string): Promise<string> => {
  const { stdout, stderr } = await run(program, args, { cwd }).catch((error: { stdout?: string; stderr?: string }) => {
    throw new Error(`${program} ${args.join(" ")}\n${error.stdout}${error.stderr}`);
  });
  return stdout + stderr;
};

/** A running server. */
export interface Server {
  origin: string;
  stop(): Promise<void>;
}

/** Starts a program, and waits until an address of it responds with 200. @param args Arguments, by its port. */
const startProgram = async (
  program: string,
  args: (port: number) => string[],
  ready: string,
  cwd: string,
): Promise<Server> => {
  const port = await getPort();
  const child: ChildProcess = spawn(program, args(port), { cwd, stdio: ["ignore", "ignore", "pipe"], detached: true });
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output = (output + chunk).slice(-4_000);
  });
  const origin = `http://127.0.0.1:${port}`;
  const group = processGroup(child.pid ?? 0);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  for (const deadline = Date.now() + START_MS; ; await sleep(50)) {
    const response = await fetch(origin + ready).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) break;
    if (!hasEnded() && Date.now() < deadline) continue;
    await group.end("SIGKILL");
    throw new Error(`${program} did not start. End of its output:\n${output}`);
  }
  return {
    origin,
    async stop() {
      await group.end("SIGTERM");
    },
  };
};

/** Starts Prometheus in a folder that has its `prometheus.yml`. @param more Further arguments. Default: none. */
export const startPrometheus = (folder: string, more: readonly string[] = []): Promise<Server> =>
  startProgram(
    programs.prometheus(),
    (port) => [
      ...["--config.file=prometheus.yml", `--storage.tsdb.path=data-${port}`, "--log.level=warn"],
      ...[`--web.listen-address=127.0.0.1:${port}`, ...more],
    ],
    "/-/ready",
    folder,
  );

/** Starts Alertmanager in a folder that has its `alertmanager.yml`. */
export const startAlertmanager = (folder: string): Promise<Server> =>
  startProgram(
    programs.alertmanager(),
    (port) => [
      ...["--config.file=alertmanager.yml", `--storage.path=data-${port}`, "--cluster.listen-address="],
      ...["--log.level=warn", `--web.listen-address=127.0.0.1:${port}`],
    ],
    "/-/ready",
    folder,
  );

/** Starts a server in this process. It answers each request with the status and the text that a function returns. */
export const startRecorder = async (
  answer: (request: IncomingMessage, body: string) => Promise<{ status: number; type?: string; body?: string }>,
): Promise<Server> => {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const {
      status,
      type = "application/json",
      body: text = "{}",
    } = await answer(request, body).catch(() => ({
      ...{ status: 502, type: "text/plain", body: "" },
    }));
    response.writeHead(status, { "content-type": type }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
