import type { ErrorResponse } from "@tidemark/schema";
import { toHttpError } from "../errors.ts";
import { type Selection, select } from "../selected.ts";
import { digestOf } from "../session/digest.ts";
import { readWholeVector, type Vector } from "./read-vector.ts";
import { type Reader, serve } from "./reader.ts";

/**
 * Time from one read of a followed entity to the next, in milliseconds. The Worker reads repeatedly, because an open
 * connection to an object keeps the object active: a second of that costs as much as ten reads.
 */
const READ_EVERY_MS = 2_000;

/** Duration of a stream, in milliseconds. Then the client connects again. */
const STREAM_MS = 60_000;

/** Time after which a client connects again, in milliseconds. */
const RETRY_MS = 1_000;

const encoder = new TextEncoder();

/**
 * The vectors of an entity as server-sent events: its current one and, for {@link STREAM_MS}, each one whose selected
 * features have changed. A changed vector is sent within {@link READ_EVERY_MS}.
 *
 * @param first The current vector.
 * @param lastId The id of the latest vector that the client has received: it is not sent again.
 * @param onServed Called after each vector: the log of served vectors is sent while the stream is open.
 */
export const changesOf = (
  reader: Reader,
  first: Vector,
  selection: Selection | undefined,
  lastId: string | undefined,
  onServed: () => void,
): ReadableStream<Uint8Array> => {
  const { entity, id } = first;
  const endsAt = Date.now() + STREAM_MS;
  let sentId = lastId;
  let isOpen = true;

  /** The next part of the stream: a vector that has changed, or a comment, by which a client sees that the stream is open. */
  const next = (vector: Vector): string => {
    const currentId = digestOf(select(vector, selection).features);
    if (currentId === sentId) return ":\n\n";
    sentId = currentId;
    const served = serve(reader, vector, selection);
    onServed();
    return `id: ${currentId}\ndata: ${JSON.stringify(served)}\n\n`;
  };

  return new ReadableStream<Uint8Array>({
    start(stream) {
      stream.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n${next(first)}`));
    },

    async pull(stream) {
      try {
        await scheduler.wait(READ_EVERY_MS);
        const vector = await readWholeVector(reader, entity, id);
        if (!isOpen) return;
        stream.enqueue(encoder.encode(next(vector)));
        if (Date.now() + READ_EVERY_MS <= endsAt) return;
      } catch (error) {
        if (!isOpen) return;
        const { code, message } = toHttpError(error);
        const data = JSON.stringify({ error: { code, message } } satisfies ErrorResponse);
        stream.enqueue(encoder.encode(`event: error\ndata: ${data}\n\n`));
      }
      stream.close();
    },

    cancel() {
      isOpen = false;
    },
  });
};
