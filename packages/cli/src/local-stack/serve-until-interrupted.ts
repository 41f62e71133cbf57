import { untilInterrupted } from "./until-interrupted.ts";

/**
 * Starts servers, announces them, and stops them in good order once someone asks this process to end. A start that is interrupted
 * ends the process, and with it all that it has started.
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
