import { publicAddresses } from "./addresses.ts";
import type { LocalCollector } from "./local-collector.ts";

/**
 * Returns table rows with the links to a server of the local stack: `localhost` first, then each network address when
 * the server is public. Only the first row has the title.
 */
export const linkRows = (
  title: string,
  origin: string,
  path: string,
  isPublic: boolean,
): (readonly [title: string, link: string])[] => [
  [title, `${origin}${path}`],
  ...(isPublic ? publicAddresses() : []).map(
    (address) => ["", `${origin.replace("localhost", address)}${path}`] as const,
  ),
];

/** Returns a notice when a server runs on another port than the wanted one, else nothing. */
export const portNotice = (name: string, wanted: number, origin: string): string[] =>
  origin.endsWith(`:${wanted}`) ? [] : [`Port ${wanted} is in use. ${name} runs at ${origin} instead.`];

/** Returns a notice when a collector uses temporary storage instead of the wanted folder, else nothing. */
export const stateNotice = ({ state, stateUsedBy }: LocalCollector): string[] =>
  stateUsedBy === undefined
    ? []
    : [
        `Process ${stateUsedBy} uses the stored data. This collector starts without data in ${state}, and removes that folder when it stops.`,
      ];

/** Returns a notice when a server is public but the machine has no network address, else nothing. */
export const networkNotice = (isPublic: boolean): string[] =>
  isPublic && publicAddresses().length === 0
    ? ["This machine has no IPv4 address in a network, so no other machine can connect."]
    : [];
