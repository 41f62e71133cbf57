import { networkInterfaces } from "node:os";

/** The address that a server of the local stack listens on: the loopback interface, or all interfaces of this machine. */
export const listenAddress = (isPublic: boolean): string => (isPublic ? "0.0.0.0" : "127.0.0.1");

/** The IPv4 addresses under which other machines reach this one. */
export const publicAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
