import type { ColumnType, LogColumn, LogValue, PutValue } from "@tidemark/schema/log";

/** The values of one column, as the Parquet writer expects them; `null` for a row without one. */
export interface ColumnValues {
  column: LogColumn;
  values: unknown[];
  isEmpty: boolean;
}

const storedValue = (type: ColumnType, value: LogValue): unknown => {
  if (type === "timestamp") return BigInt((value as number) * 1000);
  return type === "int64" ? BigInt(value as number) : value;
};

/** Rows that are written together, by column. */
export class RowGroup {
  /** The values of a column without any, which all such columns share. */
  readonly #noValues: null[];
  readonly #columns: Map<string, ColumnValues>;
  #rows = 0;

  /** @param capacity Largest number of rows. */
  constructor(columns: readonly LogColumn[], capacity: number) {
    this.#noValues = new Array<null>(capacity).fill(null);
    this.#columns = new Map(columns.map((column) => [column.name, { column, values: this.#noValues, isEmpty: true }]));
  }

  /** Number of rows. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds the row whose values a function puts. An error of the function adds no row, and is thrown. */
  add(putValues: (put: PutValue) => void): void {
    try {
      putValues(this.#put);
      this.#rows += 1;
    } catch (error) {
      for (const { values, isEmpty } of this.#columns.values()) if (!isEmpty) values[this.#rows] = null;
      throw error;
    }
  }

  /** The values of all columns. */
  columns(): ColumnValues[] {
    return [...this.#columns.values()].map((each) => ({ ...each, values: each.values.slice(0, this.#rows) }));
  }

  readonly #put: PutValue = ({ name, type }, value) => {
    const place = this.#columns.get(name) as ColumnValues;
    if (place.isEmpty) {
      place.values = this.#noValues.slice();
      place.isEmpty = false;
    }
    place.values[this.#rows] = storedValue(type, value);
  };
}
