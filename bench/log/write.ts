import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { zstdCompressSync } from "node:zlib";
import { type Cut, encodeCut } from "../../packages/collector/src/log/cut.ts";

/** The cost of writing some cuts. */
export interface Writing {
  events: number;
  /** Processor time of encoding an event, in microseconds. */
  cpu_us: number;
  /** The same for JSON lines with the same compression: the reference. */
  json_cpu_us: number;
  /** Events encoded in a second of real time. */
  rate: number;
  bytes: number;
  /** Times of encoding between two pauses in milliseconds, ascending. */
  blocks: number[];
}

/** One cut of this many is also encoded as JSON lines. */
const REFERENCE_SHARE = 10;

const cpuTime = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const jsonCpu = ({ records }: Cut): number => {
  const begin = cpuTime();
  zstdCompressSync(records.map((record) => JSON.stringify(record)).join("\n"));
  return cpuTime() - begin;
};

/** Encodes cuts, and writes the files into a folder. Measures only the encoding. */
export const writeCuts = async (cuts: Iterable<Cut>, folder: string): Promise<Writing> => {
  const total = { events: 0, cpu: 0, ms: 0, bytes: 0, jsonEvents: 0, jsonCpu: 0 };
  const blocks: number[] = [];
  let number = 0;
  for (const cut of cuts) {
    if (number++ % REFERENCE_SHARE === 0) {
      total.jsonCpu += jsonCpu(cut);
      total.jsonEvents += cut.records.length;
    }
    const [begin, cpu] = [performance.now(), cpuTime()];
    let resumed = begin;
    const { files, setAside } = await encodeCut(cut, {
      features: [],
      async pause() {
        blocks.push(performance.now() - resumed);
        await setImmediate();
        resumed = performance.now();
      },
    });
    total.cpu += cpuTime() - cpu;
    total.ms += performance.now() - begin;
    total.events += cut.records.length;
    if (setAside.length > 0) throw new Error(`${setAside.length} events set aside: ${setAside[0]?.reason}`);
    for (const { file, bytes } of files) {
      const path = join(folder, file.name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      total.bytes += bytes.length;
    }
  }
  return {
    events: total.events,
    cpu_us: total.cpu / total.events,
    json_cpu_us: total.jsonCpu / total.jsonEvents,
    rate: (total.events * 1000) / total.ms,
    bytes: total.bytes,
    blocks: blocks.sort((one, other) => one - other),
  };
};
