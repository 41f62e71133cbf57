import type { Severity } from "./monitor/alert.ts";
import type { Notifier } from "./monitor/notification.ts";
import type { ExpectSetting } from "./settings/expect-setting.ts";

/** Settings that every receiver of alerts has. */
export interface ReceiverSettings {
  /**
   * Name of the receiver in `GET /v1/alerts`, in snake_case, at most 32 characters. Each receiver has another one. Default: its type,
   * such as `slack`.
   */
  name?: string;
  /** Severities of the alerts that it gets. Default: `page` and `ticket`. */
  severities?: readonly Severity[];
}

/** A receiver of alerts, such as `pagerDuty({ … })` of `@tidemark/collector/alerts` returns it. */
export interface AlertReceiver {
  /** Kind of the receiver, such as `pagerduty`. */
  readonly type: string;
  readonly name: string;
  readonly severities: readonly Severity[];
  /** Names of the secrets (environment variables) that the receiver needs. */
  readonly secrets: readonly string[];
  /** Checks the settings. */
  check(expect: ExpectSetting): void;
  /** Loads the notifier. @param env The environment with the secrets. */
  create(env: object): Promise<Notifier>;
}

/** The fields of {@link ReceiverSettings}. */
export const RECEIVER_FIELDS: Record<keyof ReceiverSettings, true> = { name: true, severities: true };

/** All severities, the most urgent first. */
const SEVERITIES: readonly Severity[] = ["page", "ticket", "none"];

/** Largest number of receivers of a deployment. */
const MAX_RECEIVERS = 8;

const NAME = /^[a-z][a-z0-9_]{0,31}$/;

/**
 * Checks the receivers of a deployment.
 *
 * @param expect Reports an error. The field is a path, such as `alerts.to[0].routingKeySecret`.
 */
export const checkAlertReceivers = (receivers: readonly AlertReceiver[], expect: ExpectSetting): void => {
  const count = Array.isArray(receivers) ? receivers.length : undefined;
  const isList = count !== undefined && count <= MAX_RECEIVERS;
  expect(isList, "alerts.to", `an array of at most ${MAX_RECEIVERS} receivers`, count ?? "another value");
  for (const [index, receiver] of receivers.entries()) {
    const place = `alerts.to[${index}]`;
    const isReceiver = typeof receiver?.create === "function" && typeof receiver.check === "function";
    expect(isReceiver, place, "a receiver of @tidemark/collector/alerts, such as pagerDuty({ … })", "another value");
    const { name, severities } = receiver;
    const isName = typeof name === "string" && NAME.test(name);
    expect(isName, `${place}.name`, "a name in snake_case of at most 32 characters", name);
    const isOwn = receivers.findIndex((other) => other.name === name) === index;
    expect(isOwn, `${place}.name`, "a name that no other receiver has", name);
    const isSelection =
      Array.isArray(severities) && severities.length > 0 && severities.every((each) => SEVERITIES.includes(each));
    expect(isSelection, `${place}.severities`, `an array of ${SEVERITIES.join(", ")}`, severities);
    receiver.check((condition, field, expected, given) => expect(condition, `${place}.${field}`, expected, given));
  }
};
