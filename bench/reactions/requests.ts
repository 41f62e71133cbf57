import type { Reaction } from "@tidemark/sdk";
import { createSimulation } from "../../tests/simulation/simulation.ts";
import { randomFrom } from "../collector/visitor.ts";
import { playVisit } from "../cost/sdk-traffic.ts";
import type { Visit } from "../cost/visits.ts";
import { kindsOf } from "../cost/visits.ts";
import type { Measurement } from "../report.ts";

/** Number of visits. */
const VISITS = 60;

/** The batch of a visit after which a reaction fires. */
const FIRES_AT = 2;

/** The requests of a visit, and the calls of its listeners. */
interface Counted {
  requests: number;
  received: number;
}

/** Counts the requests of a visit whose pages take no reactions. */
const countWithout = async (visit: Visit, seed: number): Promise<Counted> => {
  const simulation = createSimulation(randomFrom(seed));
  await playVisit(simulation, visit, seed, {});
  return { requests: simulation.requests, received: 0 };
};

/** Counts the requests of a visit whose pages take reactions. One is delivered until a batch acknowledges it. */
const countWith = async (visit: Visit, seed: number, react: (reaction: Reaction) => void): Promise<Counted> => {
  const simulation = createSimulation(randomFrom(seed));
  const reaction = { id: "firing-1", name: "hesitation", payload: {}, expires_in_ms: 3_600_000 };
  let batches = 0;
  let received = 0;
  let isAcknowledged = false;
  simulation.respond = ({ reactions_received = [] }) => {
    batches += 1;
    isAcknowledged ||= reactions_received.includes(reaction.id);
    return batches < FIRES_AT || isAcknowledged ? {} : { reactions: [reaction] };
  };
  await playVisit(simulation, visit, seed, {
    onLoad(tracker) {
      tracker.on("reaction", (given) => {
        received += 1;
        react(given);
      });
    },
  });
  return { requests: simulation.requests, received };
};

const sumOf = (counted: Counted[], figure: keyof Counted): number =>
  counted.reduce((sum, each) => sum + each[figure], 0);

/**
 * Counts the requests of the same visits with and without reactions. The SDK's own code decides when it sends, on simulated
 * time, so that the counts are exact.
 *
 * @throws Error if no page receives a reaction, or one visit receives it twice.
 */
export const measureRequests = async (): Promise<Measurement[]> => {
  const visits = kindsOf(VISITS);
  const countAll = (count: (visit: Visit, seed: number) => Promise<Counted>) =>
    Promise.all(visits.map((visit, index) => count(visit, index + 1)));
  const reference = sumOf(await countAll(countWithout), "requests");
  const measure = async (title: string, react: (reaction: Reaction) => void): Promise<Measurement> => {
    const counted = await countAll((visit, seed) => countWith(visit, seed, react));
    const received = sumOf(counted, "received");
    if (received === 0 || counted.some((each) => each.received > 1))
      throw new Error(`expected a reaction once in a visit; given ${received} in ${VISITS} visits`);
    return {
      case: `requests of ${VISITS} visits, of which ${received} ${title}`,
      ...{ value: sumOf(counted, "requests"), unit: "requests", reference, budget: reference },
    };
  };
  return [
    await measure("receive a reaction", () => {}),
    await measure("show one and dismiss it", (reaction) => {
      reaction.shown();
      reaction.dismissed();
    }),
  ];
};
