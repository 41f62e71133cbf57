import { setTimeout as sleep } from "node:timers/promises";
import { SINK_PATH, STORAGE_PATH } from "./deployment.ts";
import { type Server, startRecorder } from "./servers.ts";

/** State of the drill's sink. */
type SinkState = "up" | "down" | "slow";

/** A message of Alertmanager about one alert. */
export interface AlertMessage {
  alert: string;
  state: "firing" | "resolved";
  /** Time of its receipt, in UTC milliseconds. */
  at: number;
}

/** The surroundings of the drill's collector: the target of its sink, its storage, and the receiver of its alerts. */
export interface DrillServer extends Server {
  sink: SinkState;
  isStorageUp: boolean;
  /** The messages so far. */
  messages: AlertMessage[];
}

/** Path at which Alertmanager's messages arrive. */
export const ALERTS_PATH = "/alerts";

/** Time that a slow sink takes for a request, in milliseconds. */
const SLOW_MS = 3_000;

/** Body of a message of Alertmanager, version 4. */
interface AlertmanagerBody {
  alerts: { status: "firing" | "resolved"; labels: { alertname: string } }[];
}

/** Starts the drill's own server. Everything works at first. */
export const startDrillServer = async (): Promise<DrillServer> => {
  const messages: AlertMessage[] = [];
  const state: Pick<DrillServer, "sink" | "isStorageUp"> = { sink: "up", isStorageUp: true };
  const server = await startRecorder(async ({ url }, body) => {
    switch (url) {
      case SINK_PATH:
        if (state.sink === "down") return { status: 503 };
        if (state.sink === "slow") await sleep(SLOW_MS);
        return { status: 204, body: "" };
      case STORAGE_PATH:
        return { status: state.isStorageUp ? 200 : 503 };
      case ALERTS_PATH: {
        const at = Date.now();
        const { alerts } = JSON.parse(body) as AlertmanagerBody;
        for (const { status, labels } of alerts) messages.push({ alert: labels.alertname, state: status, at });
        return { status: 200 };
      }
      default:
        return { status: 404 };
    }
  });
  return Object.assign(state, server, { messages });
};
