import { bigQueryMember } from "./bigquery.ts";
import { clickhouseMember } from "./clickhouse.ts";
import type { ContractMember } from "./contract-target.ts";
import { kafkaMember } from "./kafka.ts";
import { kafkaRestMembers } from "./kafka-rest.ts";
import { kinesisMember } from "./kinesis.ts";
import { postgresMember } from "./postgres.ts";
import { s3Member } from "./s3.ts";
import { snowpipeMember } from "./snowpipe.ts";
import { webhookMember } from "./webhook.ts";

/** Every sink, each with its target. */
export const members: readonly ContractMember[] = [
  ...[kafkaMember, ...kafkaRestMembers, kinesisMember, webhookMember, s3Member],
  ...[clickhouseMember, postgresMember, snowpipeMember, bigQueryMember],
];
