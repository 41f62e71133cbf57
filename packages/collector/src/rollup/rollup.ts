import { DurableObject } from "cloudflare:workers";
import type { RollupVectorAnswer } from "@tidemark/schema";
import type { Definitions } from "../definitions.ts";
import type { EngineState } from "../engine/engine.ts";

/** What a session folded for one user, page or other entity since it last told: never changed once it is on its way. */
export interface Delta {
  entity: string;
  id: string;
  /** Its number in the session: a later one for the same entity and id has a higher one, and goes when this one has arrived. */
  n: number;
  state: EngineState;
  /** For an identified user: the browser in which it was. */
  anonymous_id?: string;
}

/** A rollup's vector at the time of the call. */
export type RollupVector = Omit<RollupVectorAnswer, "entity" | "id">;

interface Stored {
  engine: EngineState;
  /** By session, the number of the latest delta that was merged; the session that was heard longest ago first. */
  applied: Map<string, number>;
  /** The latest browsers of an identified user, the latest last. */
  anonymous_ids: string[];
}

const STATE = "state";

/**
 * Sessions that a rollup remembers, those heard latest. A delta comes again only after a crash or a lost answer, and soon; when
 * as many other sessions were heard in between, it counts twice.
 */
const MAX_SESSIONS = 512;

/** Browsers that a user's rollup remembers. */
const MAX_ANONYMOUS_IDS = 16;

/** Puts a key at the end, and lets the first ones go until there are at most `most`. */
const remember = (map: Map<string, number>, key: string, value: number, most: number): void => {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
};

/**
 * One user, page or other entity of a site: what many sessions folded of it, merged. A delta that comes again changes nothing,
 * so that sessions may repeat what they do not know to have arrived.
 */
export abstract class RollupObject extends DurableObject {
  /** The definitions of this deployment, compiled. */
  protected abstract readonly definitions: Definitions;

  #stored: Stored | undefined;

  /** Merges a delta, unless it or a later one of the session was merged before. When this returns, that is durable. */
  apply(session: string, { entity, n, state, anonymous_id }: Delta): void {
    const engine = this.#engineOf(entity);
    const stored = this.#load(entity) ?? { engine: engine.zero(), applied: new Map(), anonymous_ids: [] };
    if ((stored.applied.get(session) ?? 0) >= n) return;
    stored.engine = engine.merge(stored.engine, engine.migrate(state).state);
    remember(stored.applied, session, n, MAX_SESSIONS);
    if (anonymous_id !== undefined) {
      const others = stored.anonymous_ids.filter((known) => known !== anonymous_id);
      stored.anonymous_ids = [...others, anonymous_id].slice(-MAX_ANONYMOUS_IDS);
    }
    this.#stored = undefined;
    this.ctx.storage.kv.put(STATE, stored);
    this.#stored = stored;
  }

  /** The vector now, or `undefined` for an entity of which no event counted. */
  vector(entity: string): RollupVector | undefined {
    const stored = this.#load(entity);
    if (!stored || stored.engine.event_time === null) return undefined;
    const engine = this.#engineOf(entity);
    const { event_time, late, too_late } = stored.engine;
    const at = Math.max(Date.now(), event_time);
    return {
      event_time,
      watermark: engine.watermark(stored.engine) ?? event_time,
      age_ms: at - event_time,
      definition_version: this.definitions.version,
      late,
      too_late,
      features: engine.vector(stored.engine, at),
      ...(stored.anonymous_ids.length > 0 && { anonymous_ids: stored.anonymous_ids }),
    };
  }

  #engineOf(entity: string) {
    const known = this.definitions.rollups.get(entity);
    if (!known) throw new Error(`no definition is about ${entity}`);
    return known.engine;
  }

  #load(entity: string): Stored | undefined {
    if (!this.#stored) {
      this.#stored = this.ctx.storage.kv.get<Stored>(STATE);
      if (this.#stored) this.#stored.engine = this.#engineOf(entity).migrate(this.#stored.engine).state;
    }
    return this.#stored;
  }
}
