/**
 * The type of whole numbers where there is no HUGEINT as in DuckDB. A cast of a DOUBLE beyond 2 ** 53 to a decimal
 * keeps its shortest digits only, which lose precision; a cast of its upper and lower 32 bits is exact.
 */
const WHOLE = "DECIMAL(38, 0)";
const HALF = 4_294_967_296;

const exactly = (double: string): string => {
  const upper = `FLOOR(${double} / ${HALF}e0)`;
  return `(CAST(${upper} AS ${WHOLE}) * ${HALF} + CAST(${double} - CAST(${upper} AS DOUBLE) * ${HALF}e0 AS ${WHOLE}))`;
};

/** A number in millionths. Halves round away from zero. */
export const millionths = (number: string): string =>
  `CASE WHEN ${number} = CAST(CAST(${number} AS BIGINT) AS DOUBLE) THEN CAST(CAST(${number} AS BIGINT) AS ${WHOLE}) * 1000000 ELSE ${exactly(`ROUND(${number} * 1e6)`)} END`;
