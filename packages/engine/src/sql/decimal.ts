/**
 * Whole numbers as DECIMAL(38, 0), which stands in for DuckDB's HUGEINT where there is none. A DOUBLE beyond 2 ** 53 becomes a
 * decimal by its shortest digits, which are not all of it; its upper and lower 32 bits are exact.
 */
const WHOLE = "DECIMAL(38, 0)";
const HALF = 4_294_967_296;

const exactly = (double: string): string => {
  const upper = `FLOOR(${double} / ${HALF}e0)`;
  return `(CAST(${upper} AS ${WHOLE}) * ${HALF} + CAST(${double} - CAST(${upper} AS DOUBLE) * ${HALF}e0 AS ${WHOLE}))`;
};

/** A number in millionths, halves away from zero. */
export const millionths = (number: string): string =>
  `CASE WHEN ${number} = CAST(CAST(${number} AS BIGINT) AS DOUBLE) THEN CAST(CAST(${number} AS BIGINT) AS ${WHOLE}) * 1000000 ELSE ${exactly(`ROUND(${number} * 1e6)`)} END`;
