import { publicAddresses } from "./addresses.ts";
import type { LocalCollector } from "./local-collector.ts";

/** The links to a server of the local stack: at `localhost`, and at each address under which other machines reach it. */
export const linksTo = (origin: string, isPublic: boolean): string[] => [
  origin,
  ...(isPublic ? publicAddresses().map((address) => origin.replace("localhost", address)) : []),
];

/** The sentence about a server that did not get the port that it was to have; nothing when it did. */
export const portNotice = (name: string, wanted: number, origin: string): string[] =>
  origin.endsWith(`:${wanted}`) ? [] : [`Port ${wanted} is busy. ${name} runs at ${origin} instead.`];

/** The sentence about a collector that did not get the storage that it was to have; nothing when it did. */
export const stateNotice = ({ state, stateUsedBy }: LocalCollector): string[] =>
  stateUsedBy === undefined
    ? []
    : [
        `Process ${stateUsedBy} uses the stored data. This collector begins without any, in ${state}, and removes it at its end.`,
      ];
