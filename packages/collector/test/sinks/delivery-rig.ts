import type { Attempt, Cut, Sink, SinkContext, SinkOutcome, SinkRecord } from "../../src/sinks/sink.ts";

/** A moment at which the object that sends records may stop. */
export type Moment = "before commit of plan" | "before attempt" | "before commit of outcomes";

/**
 * Delivers records as the egress does: it commits the plan of a cut before the first attempt, and the outcomes with the state.
 * A crash loses everything but the committed state, and the sink itself.
 */
export class DeliveryRig<State> {
  readonly attempts: Attempt<State>[] = [];
  readonly refused: { id: string; reason: string }[] = [];
  uncertain = 0;
  state: State | undefined;
  /** Whether the object stops at a moment. */
  crashes: (moment: Moment) => boolean = () => false;
  readonly #create: () => Sink<State>;
  readonly #env: object;
  #sink: Sink<State>;
  #cut: Cut | undefined;
  #time = 0;

  constructor(create: () => Sink<State>, env: object) {
    this.#create = create;
    this.#env = env;
    this.#sink = create();
  }

  restart(): void {
    this.#sink = this.#create();
  }

  get context(): SinkContext {
    const env = this.#env as SinkContext["env"];
    return { env, signal: AbortSignal.timeout(10_000), site: "shop", partition: 0 };
  }

  /** Cuts records, and sends them until each one is delivered or refused, or the number of attempts is reached. */
  async deliver(records: readonly SinkRecord[], most = 100, at = this.#nextTime()): Promise<SinkOutcome[]> {
    const [first, last] = [records[0]?.record.offset, records.at(-1)?.record.offset];
    const cut: Cut = { id: `shop/0/${first}-${last}`, at, records, pending: [...records.keys()] };
    for (;;) {
      const planned = await this.#sink.plan?.(cut, this.state, this.context);
      if (!this.#hasCrashed("before commit of plan")) {
        this.state = planned ?? this.state;
        break;
      }
    }
    this.#cut = cut;
    return this.resume(most);
  }

  /** Sends the rest of the latest cut, until each record is delivered or refused, or the number of attempts is reached. */
  async resume(most = 100): Promise<SinkOutcome[]> {
    let cut = this.#cut;
    if (!cut) throw new Error("there is no cut");
    const { records } = cut;
    let outcomes: SinkOutcome[] = [];
    for (let tries = 0; tries < most && cut.pending.length > 0; tries += 1) {
      if (this.#hasCrashed("before attempt")) continue;
      const result = await this.#sink.attempt(cut, this.state, this.context);
      if (this.#hasCrashed("before commit of outcomes")) continue;
      this.attempts.push(result);
      outcomes = result.outcomes;
      this.uncertain += result.uncertain ?? 0;
      if (result.state !== undefined) this.state = result.state;
      const left: number[] = [];
      for (const [place, outcome] of outcomes.entries()) {
        const index = cut.pending[place] as number;
        if (outcome.type === "retry") left.push(index);
        if (outcome.type === "refused") this.refused.push({ id: records[index]?.id ?? "", reason: outcome.reason });
      }
      cut = { ...cut, pending: left };
      this.#cut = cut;
    }
    return outcomes;
  }

  /** The time of the next cut: no two have the same. */
  #nextTime(): number {
    this.#time = Math.max(Date.now(), this.#time + 1);
    return this.#time;
  }

  #hasCrashed(moment: Moment): boolean {
    const crashes = this.crashes(moment);
    if (crashes) this.restart();
    return crashes;
  }
}
