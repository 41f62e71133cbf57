export type { DialectName } from "./dialect.ts";
export { toSql } from "./to-sql.ts";
