const decoder = new TextDecoder();

/** Reads the types of Kafka's protocol. Each method throws a RangeError behind the end of the bytes. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int8(): number {
    return this.#view.getInt8(this.#advance(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#advance(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#advance(8));
  }

  /** Bytes after their length, an int32. */
  bytes(): Uint8Array {
    return this.#raw(this.int32());
  }

  /** A text after the number of its bytes, an int16; `null` for the length -1. */
  text(): string | null {
    const length = this.int16();
    return length < 0 ? null : decoder.decode(this.#raw(length));
  }

  /** Items after their number, an int32. */
  array<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let count = this.int32(); count > 0; count--) items.push(read());
    return items;
  }

  #raw(length: number): Uint8Array {
    const start = this.#advance(Math.max(0, length));
    if (this.#position > this.#bytes.length) throw new RangeError("the response is shorter than its lengths say");
    return this.#bytes.subarray(start, this.#position);
  }

  #advance(count: number): number {
    const start = this.#position;
    this.#position += count;
    return start;
  }
}
