import { networkInterfaces } from "node:os";

/** Where a server of the local stack listens: this machine alone, or all its interfaces. */
export const listenAddress = (isPublic: boolean): string => (isPublic ? "0.0.0.0" : "127.0.0.1");

/** The IPv4 addresses under which other machines reach this one. */
export const publicAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
