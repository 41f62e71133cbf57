import type { Sink, SinkRecord } from "../../../src/sinks/sink.ts";

/**
 * A failure of a target:
 *
 * - `lost answer`: it stores the records, and the connection ends before its answer;
 * - `unavailable`: it answers that it serves nobody now;
 * - `nonsense`: its answer is not one of its protocol;
 * - `silent`: it accepts the request, and does not answer.
 */
export type ContractFault = "lost answer" | "unavailable" | "nonsense" | "silent";

/** A sink with a target in this process, which is as strict as the real one. */
export interface ContractTarget {
  sink: Sink;
  /** The environment, with all secrets. */
  env: Record<string, unknown>;
  /** The ids of the stored records in their order; a record that is stored twice is there twice. */
  stored(): string[];
  /** Sets the failure of the requests from now on; `undefined` for none. */
  fail(fault: ContractFault | undefined): void;
  /** Lets the target be unavailable, and ask for a time until the next request, in seconds. Absent if it cannot ask. */
  askFor?(seconds: number): void;
  /** Lets the target not store a record at its next arrival, for a reason that passes. Absent if it names no records. */
  failOnce?(id: string): void;
  /** Ends the target. @throws Error if the sink has sent something that the target does not permit. */
  stop(): Promise<void>;
}

/** A sink that fulfils the contract. */
export interface ContractMember {
  name: string;
  start(): Promise<ContractTarget>;
  /** Names of the secrets. */
  secrets: readonly string[];
  /** A record that the sink or its target refuses. Absent if there is none. */
  refusedRecord?: (seq: number) => SinkRecord;
  /** Whether the target refuses records alone. Otherwise it refuses all records of their request. */
  refusesAlone: boolean;
  /** Whether the target can store a part of the records of a request: `failOnce` is there. */
  failsAlone: boolean;
  /** Whether the target can ask for a time until the next request: `askFor` is there. */
  asksForTime: boolean;
  /** Whether the target stores a repeated record again, because it has nothing by which it recognises one. Default: no. */
  isRepeating?: true;
}
