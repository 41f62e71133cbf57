/** A schema of Avro, as JSON. */
export type AvroSchema = string | readonly AvroSchema[] | { type: string; [field: string]: unknown };

interface AvroField {
  name: string;
  type: AvroSchema;
}

/** Writes values in Avro's binary encoding: https://avro.apache.org/docs/1.12.0/specification/ */
class AvroWriter {
  readonly #chunks: Uint8Array[] = [];

  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks));
  }

  raw(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
  }

  long(value: number | bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
    this.raw(new Uint8Array(bytes));
  }

  sized(bytes: Uint8Array): void {
    this.long(bytes.length);
    this.raw(bytes);
  }

  text(value: string): void {
    this.sized(new TextEncoder().encode(value));
  }

  value(schema: AvroSchema, value: unknown): void {
    if (Array.isArray(schema)) {
      // All unions are of null and one other type.
      this.long(value === null || value === undefined ? 0 : 1);
      if (value !== null && value !== undefined) this.value((schema as readonly AvroSchema[])[1] as AvroSchema, value);
      return;
    }
    const { type, fields, items } = (typeof schema === "string" ? { type: schema } : schema) as {
      type: string;
      fields?: readonly AvroField[];
      items?: AvroSchema;
    };
    if (type === "int" || type === "long") this.long(value as number | bigint);
    else if (type === "string") this.text(value as string);
    else if (type === "bytes") this.sized(value as Uint8Array);
    else if (type === "record")
      for (const { name, type: inner } of fields ?? []) this.value(inner, (value as Record<string, unknown>)[name]);
    else if (type === "array") this.#list(items as AvroSchema, value as readonly unknown[]);
    else throw new Error(`unexpected Avro type ${type}`);
  }

  #list(items: AvroSchema, list: readonly unknown[]): void {
    if (list.length > 0) this.long(list.length);
    for (const item of list) this.value(items, item);
    this.long(0);
  }
}

/** Creates an Avro file with records, without compression. */
export const avroFile = (
  schema: AvroSchema,
  metadata: Readonly<Record<string, string>>,
  records: readonly object[],
): Uint8Array => {
  const writer = new AvroWriter();
  const sync = crypto.getRandomValues(new Uint8Array(16));
  const entries = Object.entries({ "avro.schema": JSON.stringify(schema), "avro.codec": "null", ...metadata });
  writer.raw(new Uint8Array([0x4f, 0x62, 0x6a, 1]));
  writer.long(entries.length);
  for (const [key, value] of entries) {
    writer.text(key);
    writer.text(value);
  }
  writer.long(0);
  writer.raw(sync);
  if (records.length > 0) {
    const block = new AvroWriter();
    for (const record of records) block.value(schema, record);
    writer.long(records.length);
    writer.sized(block.bytes);
    writer.raw(sync);
  }
  return writer.bytes;
};
