import { clickhouseMember } from "./clickhouse.ts";
import type { ContractMember } from "./contract-target.ts";
import { kafkaMember } from "./kafka.ts";
import { postgresMember } from "./postgres.ts";
import { webhookMember } from "./webhook.ts";

/** Every sink, each with its target. */
export const members: readonly ContractMember[] = [kafkaMember, webhookMember, clickhouseMember, postgresMember];
