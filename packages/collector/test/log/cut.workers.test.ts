import { eventColumns, type LogRecord } from "@tidemark/schema/log";
import { parquetMetadata } from "hyparquet";
import { describe, expect, it } from "vitest";
import { firstSessionEvents } from "../../../engine/test/session-events.ts";
import { encodeCut } from "../../src/log/cut.ts";

const NINE = Date.UTC(2026, 10, 29, 9);

describe("the files of a cut in the Workers runtime", () => {
  it("hold 20,000 events, and let other work run while they are encoded", async () => {
    const records = Array.from({ length: 200 }, (_, session) => firstSessionEvents(100, session + 1, NINE))
      .flat()
      .map(
        (event, index): LogRecord => ({
          kind: "event",
          site: "shop",
          partition: 0,
          offset: index + 1,
          arrival: (index % 100) + 1,
          received_at: NINE,
          v: 1,
          event,
        }),
      );
    const cut = { site: "shop", partition: 0, first_offset: 1, last_offset: records.length, records };
    let turns = 0;
    const pause = async (): Promise<void> => {
      await scheduler.wait(0);
      turns += 1;
    };
    const { files, setAside } = await encodeCut(cut, { features: [], pause });
    expect(setAside).toEqual([]);
    expect(files).toHaveLength(1);
    const { bytes, file } = files[0] as (typeof files)[number];
    const { num_rows, row_groups, schema } = parquetMetadata(bytes.buffer as ArrayBuffer);
    expect([Number(num_rows), file.records]).toEqual([20_000, 20_000]);
    const group = [10_000, eventColumns.length];
    expect(row_groups.map(({ num_rows, columns }) => [Number(num_rows), columns.length])).toEqual([group, group]);
    // One for each 2,000 records, and one for each column with values.
    expect(turns).toBeGreaterThan(100);
    expect(schema.map(({ name }) => name)).toContain("target_path");
    expect(row_groups.every(({ columns }) => columns.some(({ meta_data }) => meta_data?.codec === "ZSTD"))).toBe(true);
    expect(bytes.length / file.records).toBeLessThan(90);
  });
});
