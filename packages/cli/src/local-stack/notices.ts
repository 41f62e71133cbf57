import { publicAddresses } from "./addresses.ts";
import type { LocalCollector } from "./local-collector.ts";

/**
 * The rows of a table that link to a server of the local stack: at `localhost`, and, when it is public, at each address under which other
 * machines reach it. The first row has the title.
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

/** A sentence about a server that runs on another port than the wanted one; nothing when it has that. */
export const portNotice = (name: string, wanted: number, origin: string): string[] =>
  origin.endsWith(`:${wanted}`) ? [] : [`Port ${wanted} is busy. ${name} runs at ${origin} instead.`];

/** A sentence about a collector that has temporary storage in place of the wanted one; nothing when it has that. */
export const stateNotice = ({ state, stateUsedBy }: LocalCollector): string[] =>
  stateUsedBy === undefined
    ? []
    : [
        `Process ${stateUsedBy} uses the stored data. This collector starts without data, stores it in ${state}, and removes it at its end.`,
      ];

/** A sentence about a public server of a machine without a network; nothing for others. */
export const networkNotice = (isPublic: boolean): string[] =>
  isPublic && publicAddresses().length === 0
    ? ["This machine has no IPv4 address in a network: no other machine reaches it."]
    : [];
