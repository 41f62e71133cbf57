import {
  compileFeatures,
  type Delta,
  type EntityKey,
  foldSessions,
  type Push,
  positionOf,
  type RebuildStart,
  type RebuildTarget,
  shardFor,
} from "@tidemark/collector/rebuild";
import type { LoggedEvent } from "@tidemark/engine";
import type { Feature } from "@tidemark/schema";

/** Number of entities whose states are in memory. */
const MAX_ENTITIES = 20_000;

/** Largest length of the states in one request, as JSON. */
const MAX_CHARACTERS = 400_000;

/** An event with its place in the log. */
export interface PlacedEvent {
  event: LoggedEvent;
  partition: number;
  offset: number;
  received_at: number;
}

/** Options of {@link rebuildStates}. */
export interface RebuildOptions {
  features: readonly Feature[];
  start: RebuildStart;
  /** Sends states to the object of a target. It may send the same pushes again after a failure. */
  send(shard: number | null, pushes: readonly Push[]): Promise<void>;
  onProgress(events: number): void;
}

/** The result of {@link rebuildStates}. */
export interface Rebuilt {
  events: number;
  sessions: number;
  /** Number of states that were sent. An entity can have several. */
  states: number;
  /** Time of the first record in UTC milliseconds; `undefined` for an empty log. */
  from: number | undefined;
}

/** The smallest and the largest position of each partition over some targets; 0 for a partition that a target lacks. */
const boundsOf = (targets: readonly RebuildTarget[]): Map<number, { least: number; most: number }> => {
  const partitions = new Set(targets.flatMap(({ positions }) => positions.map(({ partition }) => partition)));
  return new Map(
    [...partitions].map((partition) => {
      const all = targets.map((target) => positionIn(target, partition));
      return [partition, { least: Math.min(...all), most: Math.max(...all) }];
    }),
  );
};

const positionIn = ({ positions }: RebuildTarget, partition: number): number =>
  positions.find((each) => each.partition === partition)?.position ?? 0;

/**
 * Computes the states of a site's users, pages and custom entities from its log, up to the positions at which the
 * targets began, and sends them. The targets merge all later events by themselves.
 *
 * @param events The events of the log, read after the begin: by session, each once, in the order of arrival.
 */
export const rebuildStates = async (
  events: AsyncIterable<PlacedEvent> | Iterable<PlacedEvent>,
  { features, start: { targets }, send, onProgress }: RebuildOptions,
): Promise<Rebuilt> => {
  const definitions = compileFeatures(features);
  const folded = foldSessions(definitions);
  const bounds = boundsOf(targets);
  const byShard = new Map(targets.map((target) => [target.shard, target]));
  const targetOf = (key: EntityKey) => byShard.get(null) ?? byShard.get(shardFor(key));
  const result: Rebuilt = { events: 0, sessions: 0, states: 0, from: undefined };
  const numbers = new Map<number | null, number>();

  const sendStates = async (): Promise<void> => {
    const groups = new Map<number | null, [EntityKey, Delta][]>();
    for (const state of folded.take()) {
      const target = targetOf(state[0]);
      if (target) groups.set(target.shard, [...(groups.get(target.shard) ?? []), state]);
    }
    for (const [shard, states] of groups)
      for (const some of chunksOf(states)) {
        const n = (numbers.get(shard) ?? 0) + 1;
        numbers.set(shard, n);
        await send(shard, [{ n, layouts: definitions.layouts, deltas: Object.fromEntries(some) }]);
        result.states += some.length;
      }
  };

  let session: string | undefined;
  for await (const { event, partition, offset, received_at } of events) {
    const position = positionOf(offset);
    const { least, most } = bounds.get(partition) ?? { least: 0, most: 0 };
    result.from = Math.min(result.from ?? received_at, received_at);
    if (position > most) continue;
    if (event.session_id !== session) {
      if (folded.size > MAX_ENTITIES) await sendStates();
      session = event.session_id;
      result.sessions += 1;
    }
    result.events += 1;
    if (position <= least) folded.add(event);
    else
      folded.add(event, (key) => {
        const target = targetOf(key);
        return target !== undefined && position <= positionIn(target, partition);
      });
    onProgress(result.events);
  }
  await sendStates();
  return result;
};

/** Divides states into groups of bounded length. */
function* chunksOf(states: readonly [EntityKey, Delta][]): Generator<[EntityKey, Delta][]> {
  let chunk: [EntityKey, Delta][] = [];
  let characters = 0;
  for (const state of states) {
    const { length } = JSON.stringify(state);
    if (chunk.length > 0 && characters + length > MAX_CHARACTERS) {
      yield chunk;
      chunk = [];
      characters = 0;
    }
    chunk.push(state);
    characters += length;
  }
  if (chunk.length > 0) yield chunk;
}
