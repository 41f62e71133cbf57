import { createMeter } from "./meter.ts";

/**
 * The counts of this isolate. The Worker flushes them after each request. A Durable Object may run in an isolate without the
 * Worker: it flushes or sends them itself, or its responses carry them to the Worker.
 */
export const meter = createMeter();
