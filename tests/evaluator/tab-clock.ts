/** Longest time that a request takes, and largest error of a right clock: what the network can explain. */
const POSSIBLE_MS = { least: -1_000, most: 60_000 };

/** Age of an event beyond which its time is raised, in milliseconds. */
const OLDEST_MS = 691_260_000;

/** A batch's times: `sent_at` by the client's clock, and `received_at` by the collector's. */
interface Sending {
  sent_at: number;
  received_at: number;
}

/** The clock of a tab of a session: it converts event times to the collector's clock, as docs/http.md states. */
export class TabClock {
  private readonly shifts = [{ from: 0, shift: 0 }];
  private readonly converted: { seq: number; time: number }[] = [];

  /** Returns the converted times of the accepted events of a batch, which are in the order of `seq`. */
  convert(events: readonly { seq: number; time: number }[], sending: Sending): number[] {
    const highest = this.converted.at(-1);
    const first = events.find(({ seq }) => !highest || seq > highest.seq);
    if (first) this.update(first, sending);
    return events.map((event) => this.time(event, sending));
  }

  private update({ seq, time }: { seq: number; time: number }, { sent_at, received_at }: Sending): void {
    const offset = received_at - sent_at;
    const current = this.shifts.at(-1)?.shift ?? 0;
    const before = this.converted.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
    const isPossible = (shift: number) => offset - shift >= POSSIBLE_MS.least && offset - shift <= POSSIBLE_MS.most;
    const isInOrder = (shift: number) => time + shift >= before;
    const next = () => {
      if (isPossible(current) && isInOrder(current + 1_000)) return current;
      if (isPossible(0) && isInOrder(0)) return 0;
      if (isInOrder(offset)) return offset;
      return Math.abs(offset - current) <= 61_000 ? current : offset;
    };
    const shift = next();
    if (shift !== current) this.shifts.push({ from: seq, shift });
    if (this.shifts.length > 8) this.shifts.shift();
  }

  private time({ seq, time }: { seq: number; time: number }, { sent_at, received_at }: Sending): number {
    const { shift } = this.shifts.findLast(({ from }) => from <= seq) ?? this.shifts[0] ?? { shift: 0 };
    const bounded = Math.min(Math.max(time + shift, received_at - OLDEST_MS), Math.max(received_at, sent_at + shift));
    const place = this.converted.findLastIndex((event) => event.seq < seq) + 1;
    const least = this.converted[place - 1]?.time ?? Number.NEGATIVE_INFINITY;
    const most = this.converted[place]?.time ?? Number.POSITIVE_INFINITY;
    const inOrder = Math.min(Math.max(bounded, least), most);
    this.converted.splice(place, 0, { seq, time: inOrder });
    return inOrder;
  }
}
