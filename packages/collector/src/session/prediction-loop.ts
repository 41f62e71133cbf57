import { isPersonal, modelsInSet } from "@tidemark/schema/entities";
import { type Env, metricsOf } from "../env.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { type CountedPrediction, countPrediction } from "../predictions/count-prediction.ts";
import type { Outcome } from "../predictions/outcome.ts";
import { predict } from "../predictions/predict.ts";
import { type Tenant, type Tenants, tenantOf } from "../tenants.ts";
import { type CountedStep, countStep } from "./count-step.ts";
import { fireReactions } from "./fire-reactions.ts";
import { applyPrediction, type DuePrediction, predictOnChange } from "./predictions.ts";
import type { StoredSession } from "./row.ts";
import type { SessionStore } from "./store.ts";
import { MAX_UNSENT, unsentLength } from "./unsent.ts";

/** Time from a change until the servers are asked, in milliseconds: successive batches share a request. */
const WAIT_MS = 250;

/**
 * Runs the models of a session that need a server or a file, outside of the turns of its batches. At most one round of requests is
 * in progress; changes in the meantime need another one.
 */
export class PredictionLoop {
  readonly #store: SessionStore;
  readonly #context: Pick<DurableObjectState, "waitUntil">;
  readonly #env: Env;
  readonly #tenants: Tenants;
  readonly #onStored: (stored: StoredSession) => Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #isChanged = false;

  /** @param onStored Called with the state after the predictions are stored. */
  constructor(
    store: SessionStore,
    context: Pick<DurableObjectState, "waitUntil">,
    env: Env,
    tenants: Tenants,
    onStored: (stored: StoredSession) => Promise<void> | undefined,
  ) {
    this.#store = store;
    this.#context = context;
    this.#env = env;
    this.#tenants = tenants;
    this.#onStored = onStored;
  }

  /** Notes that an input has changed. Returns a promise for `waitUntil` that never rejects. */
  run(): Promise<void> {
    this.#isChanged = true;
    this.#running ??= this.#runWhileChanged()
      .catch((error) => console.error("a session could not store its predictions", error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #runWhileChanged(): Promise<void> {
    while (this.#isChanged) {
      await scheduler.wait(WAIT_MS);
      this.#isChanged = false;
      const stored = this.#store.load();
      if (!stored) return;
      const tenant = tenantOf(this.#tenants, stored.site);
      const { made, due } = this.#store.change(stored, () => predictOnChange(stored, tenant, Date.now()));
      const outcomes = await Promise.all(
        due.map(({ assigned, subject }) => predict(assigned.model, tenant, this.#env, subject)),
      );
      await this.#storeAll(tenant, due, outcomes, made);
    }
  }

  async #storeAll(
    tenant: Tenant,
    due: readonly DuePrediction[],
    outcomes: readonly Outcome[],
    before: readonly CountedPrediction[],
  ): Promise<void> {
    const stored = this.#store.load();
    if (!stored || !isPersonal(stored.consent) || unsentLength(stored.unsent) >= MAX_UNSENT) {
      // The state has them already, and the models are not asked for them again.
      this.#count(tenant, before, []);
      return;
    }
    const { made, steps } = this.#store.change(stored, () => {
      const own = due.map((each, index) => applyPrediction(stored, tenant, each, outcomes[index] as Outcome));
      const readers = predictOnChange(stored, tenant, Date.now());
      const names = own.map(({ model }) => model);
      // Only a new prediction needs another round here: features that depend on the time change with each look.
      const isRead = ({ assigned }: DuePrediction) =>
        modelsInSet(assigned.model.input).some((name) => names.includes(name));
      if (readers.due.some(isRead)) this.#isChanged = true;
      return {
        made: [...before, ...own, ...readers.made],
        steps: tenant.reactions.length > 0 ? fireReactions(stored, tenant, Date.now()) : [],
      };
    });
    if (made.length === 0 && steps.length === 0) return;
    await this.#store.commit(stored);
    this.#count(tenant, made, steps);
    await this.#onStored(stored);
  }

  #count({ site }: Tenant, made: readonly CountedPrediction[], steps: readonly CountedStep[]): void {
    for (const each of made) countPrediction(meter, site.id, each);
    for (const each of steps) countStep(meter, site.id, each);
    const flushing = meter.flush(() => metricsOf(this.#env));
    if (flushing) this.#context.waitUntil(flushing);
  }
}
