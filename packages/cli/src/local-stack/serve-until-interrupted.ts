import { untilInterrupted } from "./until-interrupted.ts";

/**
 * Starts servers, announces them, and stops them at SIGINT, SIGTERM or SIGHUP. A signal during the start ends this
 * process and all processes that it started.
 */
export const serveUntilInterrupted = async <Servers extends { stop(): Promise<void> }>(
  start: () => Promise<Servers>,
  announce: (servers: Servers) => void,
): Promise<void> => {
  const interrupted = untilInterrupted();
  const servers = await Promise.race([start(), interrupted]);
  if (!servers) process.exit(1);
  announce(servers);
  await interrupted;
  console.log("\nStopping…");
  await servers.stop();
};
