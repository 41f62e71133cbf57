import type { Sink } from "../sink.ts";
import { kafkaSink } from "./kafka-sink.ts";
import type { KafkaState } from "./plan.ts";
import type { KafkaSettings } from "./settings.ts";
import { openWorkerSocket } from "./worker-socket.ts";

/** The sink of {@link kafkaSink} in a Worker. */
export const createKafkaSink = (settings: KafkaSettings): Sink<KafkaState> => kafkaSink(settings, openWorkerSocket);
