const encoder = new TextEncoder();

/** Most bytes of one UTF-16 unit in UTF-8. */
const BYTES_PER_UNIT = 3;

/** Most bytes of a varint of 32 bits. */
const VARINT_BYTES = 5;

/** Writes the types of Kafka's protocol into one growing buffer. Numbers are big-endian. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  /** @param capacity Expected number of bytes. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Number of written bytes. */
  get length(): number {
    return this.#length;
  }

  /** The written bytes: a view, which later writes may change. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Removes all bytes, and keeps the buffer. */
  clear(): void {
    this.#length = 0;
  }

  int8(value: number): this {
    const at = this.#grow(1);
    this.#view.setInt8(at, value);
    return this;
  }

  int16(value: number): this {
    const at = this.#grow(2);
    this.#view.setInt16(at, value);
    return this;
  }

  int32(value: number): this {
    const at = this.#grow(4);
    this.#view.setInt32(at, value);
    return this;
  }

  /** Replaces a number that was written before. */
  replaceInt32(position: number, value: number): void {
    this.#view.setInt32(position, value);
  }

  int64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value);
    return this;
  }

  /** A number of 32 bits as a varint in zigzag form: numbers near zero are short. */
  varint(value: number): this {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; rest > 127; rest >>>= 7) this.int8((rest & 127) | 128);
    return this.int8(rest);
  }

  /** Bytes without a length. */
  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Bytes after their length, an int32. */
  bytes(bytes: Uint8Array): this {
    return this.int32(bytes.length).raw(bytes);
  }

  /** A text after the number of its bytes, an int16. `null` has the length -1. */
  text(text: string | null): this {
    if (text === null) return this.int16(-1);
    const bytes = encoder.encode(text);
    return this.int16(bytes.length).raw(bytes);
  }

  /** A text after the number of its bytes, a varint. */
  varText(text: string): this {
    const start = this.#grow(VARINT_BYTES + text.length * BYTES_PER_UNIT);
    // The length of the varint depends on the length of the text: the text is written behind the longest one, then moved.
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start + VARINT_BYTES));
    this.#length = start;
    this.varint(written);
    this.#bytes.copyWithin(this.#length, start + VARINT_BYTES, start + VARINT_BYTES + written);
    this.#length += written;
    return this;
  }

  /** Items after their number, an int32. */
  array<T>(items: readonly T[], write: (item: T) => unknown): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** Makes room for bytes at the end. Returns their position. */
  #grow(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}
