import { networkInterfaces } from "node:os";

/**
 * Returns the address that a server of the local stack listens on: all interfaces when it is public, else the loopback.
 */
export const listenAddress = (isPublic: boolean): string => (isPublic ? "0.0.0.0" : "127.0.0.1");

/** Returns the IPv4 addresses of this machine in its networks. */
export const publicAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
