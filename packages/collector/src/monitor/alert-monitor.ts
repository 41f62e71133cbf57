import type { AlertsResponse, AlertTestResponse } from "@tidemark/schema";
import type { AlertReceiver } from "../alert-receiver.ts";
import type { Samples } from "../metrics/families.ts";
import { withinTime } from "../within-time.ts";
import type { Alert } from "./alert.ts";
import {
  type AlertState,
  afterAcceptance,
  afterSending,
  isFiring,
  isSilenced,
  messagesFor,
  nextStates,
  type Silence,
  withNotifiers,
} from "./alert-state.ts";
import { AlertStore } from "./alert-store.ts";
import { evaluateCondition } from "./evaluate.ts";
import { History, namesIn } from "./history.ts";
import type { Notification, Notifier, NotifyOutcome } from "./notification.ts";

/** Distance of the evaluations, in milliseconds. */
export const ROUND_MS = 10_000;

/** Time after which the metrics of a round, or a response of a receiver, no longer count, in milliseconds. */
const WITHIN_MS = 8_000;

/** Time without an evaluation that counts as an interruption, in milliseconds. */
const INTERRUPTED_MS = 150_000;

/** Time after an interruption in which no alert is resolved, in milliseconds: most conditions are over this time. */
const SETTLE_MS = 120_000;

/** Longest time until a receiver that has failed is called again, in milliseconds. */
const LONGEST_RETRY_MS = 300_000;

/** The parts of a deployment that a monitor needs. */
export interface MonitorSettings {
  alerts: readonly Alert[];
  receivers: readonly AlertReceiver[];
  /** Address of the runbooks, to which the name of an alert is added. `undefined`: messages have no link. */
  runbooks: string | undefined;
  /** The environment with the secrets. */
  env: object;
  /** Reads the metrics. */
  read(): Promise<Samples>;
}

/** The latest call of a receiver. */
interface Call {
  outcome: NotifyOutcome;
  at: number;
  /** Number of failures in succession. */
  failures: number;
  /** Time of the next call, in UTC milliseconds. */
  next: number;
}

const isKnown = <T>(value: T | undefined): value is T => value !== undefined;

/**
 * Evaluates the alerts of a deployment over its metrics, and sends notifications. It keeps its state in the storage of a
 * Durable Object.
 */
export class AlertMonitor {
  readonly #settings: MonitorSettings;
  readonly #store: AlertStore;
  readonly #history: History;
  readonly #alerts: readonly Alert[];
  readonly #calls = new Map<string, Call>();
  readonly #notifiers = new Map<string, Promise<Notifier>>();
  #states: AlertState[];
  /** The time of the latest evaluation. */
  #evaluatedAt: number | undefined;
  #mayEndFrom = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;

  constructor(storage: DurableObjectStorage, settings: MonitorSettings) {
    this.#settings = settings;
    this.#alerts = settings.alerts.filter(({ by }) => by === undefined);
    this.#history = new History(this.#alerts.flatMap(({ when }) => namesIn(when)));
    this.#store = new AlertStore(storage);
    this.#store.readHistory(this.#history);
    this.#evaluatedAt = this.#history.snapshots.at(-1)?.at;
    this.#states = withNotifiers(
      this.#store.states(),
      settings.receivers.map(({ name }) => name),
    );
  }

  /**
   * Reads the metrics, evaluates the alerts, and sends the messages that are due. It does not reject for a failure of the
   * metrics or of a receiver, and ends within {@link WITHIN_MS} for each.
   */
  async round(): Promise<void> {
    try {
      const samples = await withinTime(this.#settings.read(), WITHIN_MS);
      if (samples === undefined) throw new Error(`the metrics could not be read within ${WITHIN_MS / 1_000} s`);
      this.#evaluate(samples, Date.now());
      this.#problem = undefined;
    } catch (error) {
      this.#problem = (error as Error).message;
      console.error("the alerts could not be evaluated; the next round follows", error);
    }
    await this.#notify(Date.now());
  }

  /** Sends a message that fires and, once it is accepted, one that is resolved, to each receiver. */
  async test(): Promise<AlertTestResponse> {
    const now = Date.now();
    const { runbooks: runbook } = this.#settings;
    const firing: Notification = {
      ...{ key: "TidemarkTest", alert: "TidemarkTest", severity: "ticket", state: "firing" },
      ...{ summary: "This is a test of Tidemark's alerts. Nothing is wrong.", labels: {}, value: null, since: now },
      ...(runbook !== undefined && { runbook }),
    };
    const receivers = await Promise.all(
      this.#settings.receivers.map(async (receiver) => {
        let outcome = await this.#call(receiver, [firing]);
        if (outcome.accepted) outcome = await this.#call(receiver, [{ ...firing, state: "resolved", until: now }]);
        return { name: receiver.name, type: receiver.type, accepted: outcome.accepted, detail: outcome.detail };
      }),
    );
    return { receivers };
  }

  /** Adds a silence. */
  silence(silence: Omit<Silence, "id" | "created_at">): Silence {
    const added = { id: crypto.randomUUID(), ...silence, created_at: Date.now() };
    this.#store.addSilence(added);
    return added;
  }

  /** Removes a silence. @returns Whether there was one. */
  unsilence(id: string): boolean {
    return this.#store.removeSilence(id);
  }

  /** The state of each alert, the silences, and the receivers. */
  status(): AlertsResponse {
    const now = Date.now();
    const silences = this.#store.silences(now);
    const instancesOf = (name: string) =>
      this.#states
        .filter(({ alert }) => alert === name)
        .map((state) => ({
          labels: state.labels,
          state: isFiring(state)
            ? ("firing" as const)
            : state.holdsSince === null
              ? ("resolved" as const)
              : ("pending" as const),
          since: (isFiring(state) ? state.firesSince : (state.holdsSince ?? state.resolvedAt)) ?? 0,
          value: state.value,
          summary: state.summary,
          silenced: isSilenced(state, silences, now),
        }));
    return {
      evaluated_at: this.#evaluatedAt ?? null,
      problem: this.#problem ?? null,
      omitted_series: this.#history.omitted,
      alerts: this.#settings.alerts.map(({ name, severity, forSeconds, by }) => ({
        ...{ name, severity, for_seconds: forSeconds, by: by ?? "collector" },
        instances: instancesOf(name),
      })),
      silences,
      receivers: this.#settings.receivers.map(({ name, type }) => {
        const call = this.#calls.get(name);
        return {
          ...{ name, type, called_at: call?.at ?? null, failures: call?.failures ?? 0 },
          detail: call?.outcome.detail ?? null,
        };
      }),
    };
  }

  #evaluate(samples: Samples, now: number): void {
    if (this.#evaluatedAt !== undefined && now - this.#evaluatedAt > INTERRUPTED_MS) this.#mayEndFrom = now + SETTLE_MS;
    // After the clock was set back, the time would be far away.
    const mayEnd = now >= this.#mayEndFrom || this.#mayEndFrom > now + SETTLE_MS;
    this.#history.add(now, samples);
    const evaluated = this.#alerts.map((alert) => ({
      alert,
      holds: evaluateCondition(alert.when, this.#history, now),
    }));
    this.#states = nextStates(this.#states, evaluated, now, mayEnd);
    this.#evaluatedAt = now;
    this.#store.writeStates(this.#states);
    this.#store.writeHistory(this.#history);
  }

  async #notify(now: number): Promise<void> {
    const silences = this.#store.silences(now);
    const due = this.#settings.receivers
      .map((receiver) => {
        const next = this.#calls.get(receiver.name)?.next ?? 0;
        // A later time than the longest wait is that of a clock that was set back.
        if (next > now && next <= now + LONGEST_RETRY_MS) return undefined;
        const messages = messagesFor(receiver, this.#states, silences, now, this.#settings.runbooks)
          // The alert that always fires says that alerts are evaluated.
          .filter(({ severity }) => severity !== "none" || this.#problem === undefined);
        return messages.length > 0 ? { receiver, messages } : undefined;
      })
      .filter(isKnown);
    if (due.length === 0) return;
    for (const { receiver, messages } of due) this.#states = afterSending(this.#states, receiver.name, messages, now);
    this.#store.writeStates(this.#states);
    await Promise.all(
      due.map(async ({ receiver, messages }) => {
        const outcome = await this.#call(receiver, messages);
        const arrived = outcome.accepted ? messages : messages.filter(({ key }) => outcome.notified?.includes(key));
        this.#states = afterAcceptance(this.#states, receiver.name, arrived, now);
        this.#store.writeStates(this.#states);
      }),
    );
  }

  /** Calls a receiver, and notes the outcome. */
  async #call(receiver: AlertReceiver, messages: readonly Notification[]): Promise<NotifyOutcome> {
    const { name } = receiver;
    let outcome: NotifyOutcome | undefined;
    try {
      const creating = this.#notifiers.get(name) ?? receiver.create(this.#settings.env);
      this.#notifiers.set(name, creating);
      outcome = await withinTime(
        creating.then((notifier) => notifier.notify(messages)),
        WITHIN_MS,
      );
      outcome ??= { accepted: false, detail: `There was no response within ${WITHIN_MS / 1_000} s.` };
    } catch (error) {
      this.#notifiers.delete(name);
      outcome = { accepted: false, detail: (error as Error).message };
    }
    const at = Date.now();
    const failures = outcome.accepted ? 0 : (this.#calls.get(name)?.failures ?? 0) + 1;
    const wait = failures === 0 ? 0 : Math.min(LONGEST_RETRY_MS, outcome.afterMs ?? ROUND_MS * 2 ** (failures - 1));
    // A little less than the distance of rounds, whose times vary.
    this.#calls.set(name, { outcome, at, failures, next: at + wait - ROUND_MS / 2 });
    if (failures > 0)
      console.error(`the receiver ${name} has not accepted ${messages.length} messages: ${outcome.detail}`);
    return outcome;
  }
}
