export type { DialectName } from "./dialect.ts";
export type { SqlOptions } from "./options.ts";
export { toIdSql, toSql } from "./to-sql.ts";
