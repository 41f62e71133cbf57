import { zstdCompressSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { compressZstd, decompressZstd } from "../../src/log/zstd.ts";
import { accept, batchFor, request } from "../workers/client.ts";

/** A text that does not become much shorter. */
const noise = (characters: number): string =>
  Array.from({ length: Math.ceil(characters / 36) }, () => crypto.randomUUID())
    .join("")
    .slice(0, characters);

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("Zstandard in the Workers runtime", () => {
  it.each([0, 1, 100, 255, 256, 65_535, 65_792, 131_072, 200_000, 3_000_000])(
    "restores %i bytes, however well they compress",
    (length) => {
      for (const text of [noise(length), "a".repeat(length), noise(length / 2).padEnd(length)])
        expect(new TextDecoder().decode(decompressZstd(compressZstd(bytesOf(text)))) === text).toBe(true);
    },
  );

  it("writes one frame where the runtime can", () => {
    const bytes = bytesOf("session".repeat(100_000));
    expect(compressZstd(bytes)).toEqual(zstdCompressSync(bytes));
  });

  it("writes a log with much text that does not compress, and merges its files", async () => {
    const now = Date.now();
    const events = Array.from({ length: 40 }, (_, seq) => ({
      ...{ type: "custom", seq, time: now + seq, name: "x" },
      properties: { texts: Array.from({ length: 15 }, () => noise(180)) },
    }));
    const headers = { authorization: "Bearer admin-key" };
    const call = async (method: string, route: string) => {
      const response = await request(`/v1/log/${route}?site=shop`, { method, headers });
      expect(response.status).toBe(200);
      return response.json<{ files: { records: number }[]; replaced: number }>();
    };
    const listed = async () => (await call("GET", "files")).files;
    const recordsIn = (files: { records: number }[]) => files.reduce((sum, { records }) => sum + records, 0);
    for (const records of [40, 80]) {
      await accept(batchFor("shop", events, { sent_at: now }));
      // The session sends its records to the partition after its response.
      await vi.waitFor(async () => {
        await call("POST", "cut");
        expect(recordsIn(await listed())).toBe(records);
      }, 20_000);
    }
    const { length } = await listed();
    expect(await call("POST", "compact")).toEqual({ replaced: length });
    expect(recordsIn(await listed())).toBe(80);
  });
});
