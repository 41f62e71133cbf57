import { envelope } from "@tidemark/schema";
import { SESSION_IDLE_MS, SESSION_MAX_MS } from "@tidemark/schema/limits";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Identity } from "../../src/identity/visitor.ts";

const KEY = "tm_shop_12345678";

/** How long a tab may miss changes of other tabs, in milliseconds. */
const STALE_MS = 5_000;

/** The origin's storage. Writes fail once it `isFull`. */
const createStorage = () => {
  const items = new Map<string, string>();
  return {
    isFull: false,
    getItem: (name: string) => items.get(name) ?? null,
    setItem(name: string, value: string) {
      if (this.isFull) throw new DOMException("full", "QuotaExceededError");
      items.set(name, value);
    },
    removeItem: (name: string) => void items.delete(name),
  };
};

let storage: ReturnType<typeof createStorage>;
let openTab: (fixedSessionId?: string) => Identity;
let time = 0;

beforeEach(async () => {
  storage = createStorage();
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("localStorage", storage);
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.resetModules();
  const [{ createIdentity }, { now }] = await Promise.all([
    import("../../src/identity/visitor.ts"),
    import("../../src/sensors/clock.ts"),
  ]);
  openTab = (fixedSessionId) => createIdentity(KEY, `tidemark.${KEY}`, fixedSessionId);
  time = now();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const advance = (ms: number) => {
  vi.advanceTimersByTime(ms);
  time += ms;
};
const visitorIn = ({ visitorAt }: Identity) => visitorAt(time);

describe("the session", () => {
  it("ends half an hour after the latest event of any tab, or after a day, and not earlier", () => {
    const step = fc.record({
      tab: fc.nat(2),
      ms: fc.oneof(
        fc.nat(STALE_MS),
        fc.integer({ min: 0, max: SESSION_IDLE_MS }),
        fc.constantFrom(SESSION_IDLE_MS - STALE_MS, SESSION_IDLE_MS + 1, SESSION_IDLE_MS * 2),
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
        storage.removeItem(`tidemark.${KEY}`);
        const tabs = [openTab(), openTab(), openTab()];
        let before: { id: string; seen: number; began: number } | undefined;
        const anonymous = new Set<string>();
        for (const { tab, ms } of steps) {
          advance(ms);
          const { session_id, anonymous_id } = visitorIn(tabs[tab] as Identity);
          anonymous.add(anonymous_id);
          const isSame = session_id === before?.id;
          if (before) {
            const idle = time - before.seen;
            const age = time - before.began;
            // In the last seconds before a limit, a tab may not have read the activity of other tabs yet.
            if (idle <= SESSION_IDLE_MS - STALE_MS && age <= SESSION_MAX_MS - STALE_MS) expect(isSame).toBe(true);
            if (idle > SESSION_IDLE_MS || age > SESSION_MAX_MS) expect(isSame).toBe(false);
          }
          before = { id: session_id, seen: time, began: isSame && before ? before.began : time };
        }
        expect(anonymous.size).toBe(1);
      }),
    );
  });

  it("has an id that contains the site's id, or the fixed id that the page has set", () => {
    expect(visitorIn(openTab()).session_id).toMatch(/^shop\./);
    const tab = openTab("fixed-session");
    const first = visitorIn(tab);
    advance(SESSION_IDLE_MS * 3);
    expect(visitorIn(tab)).toEqual(first);
    expect(first.session_id).toBe("fixed-session");
  });
});

describe("the begin of a session", () => {
  it("is taken once, in the page that has begun it", () => {
    const [first, second] = [openTab(), openTab()];
    expect(first.takeBegun("shop.none")).toBe(false);
    const { session_id } = visitorIn(first);
    visitorIn(second);
    expect([second.takeBegun(session_id), first.takeBegun("shop.other"), first.takeBegun(session_id)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(first.takeBegun(session_id)).toBe(false);
    // The times of a session are those of the wall clock too, which goes on meanwhile.
    advance(SESSION_IDLE_MS + 1_000);
    expect(first.takeBegun(visitorIn(first).session_id)).toBe(true);
  });
});

describe("the secret of the session", () => {
  const secretIn = (tab: Identity) => tab.secretOf(visitorIn(tab).session_id);

  it("conforms to the contract, and is the same in all tabs", () => {
    const [one, other] = [openTab(), openTab()];
    const secret = secretIn(one);
    expect(envelope.shape.session_secret.unwrap().safeParse(secret).success).toBe(true);
    expect(secretIn(other)).toBe(secret);
    one.identify({ user_id: "ann" });
    expect([secretIn(one), secretIn(openTab())]).toEqual([secret, secret]);
  });

  it("is another one in each session, and after a logout", () => {
    const tab = openTab();
    const secrets = [secretIn(tab)];
    advance(SESSION_IDLE_MS * 2);
    secrets.push(secretIn(tab));
    tab.forget(true);
    secrets.push(secretIn(tab));
    tab.forget();
    secrets.push(secretIn(tab));
    expect(new Set(secrets).size).toBe(4);
    expect(secrets).not.toContain(undefined);
  });

  it("is unknown for any other session, and before the first event", () => {
    const tab = openTab();
    expect(tab.secretOf(undefined)).toBeUndefined();
    const { session_id } = visitorIn(tab);
    expect(tab.secretOf("shop.another-session")).toBeUndefined();
    advance(SESSION_IDLE_MS * 2);
    visitorIn(tab);
    expect(tab.secretOf(session_id)).toBeUndefined();
  });

  it("lasts as long as the browser's visitor for a session with a fixed id", () => {
    const tab = openTab("fixed-session");
    const secret = secretIn(tab);
    expect(secret).toBeDefined();
    advance(SESSION_IDLE_MS * 3);
    expect([secretIn(tab), secretIn(openTab("fixed-session"))]).toEqual([secret, secret]);
  });
});

/** Clocks of a page, in UTC milliseconds. */
interface Clocks {
  page(): number;
  wall(): number;
}

/** Opens a page with clocks of its own. */
const openPage = async ({ page, wall }: Clocks): Promise<() => string> => {
  vi.resetModules();
  const clocks: Record<string | symbol, unknown> = {
    performance: { timeOrigin: 0, now: page },
    Date: Object.assign(() => {}, { now: wall }),
  };
  vi.stubGlobal("window", new Proxy(globalThis, { get: (target, name) => clocks[name] ?? Reflect.get(target, name) }));
  const { createIdentity } = await import("../../src/identity/visitor.ts");
  vi.stubGlobal("window", globalThis);
  const { visitorAt } = createIdentity(KEY, `tidemark.${KEY}`);
  return () => visitorAt(Math.round(page())).session_id;
};

describe("the session of pages whose clocks differ", () => {
  const HOUR = 3_600_000;
  const BEGIN = 1_800_000_000_000;
  let at = BEGIN;
  beforeEach(() => {
    at = BEGIN;
  });

  it("is a new one after eight hours of standby, and one for all pages", async () => {
    let slept = 0;
    const opened = { page: () => at - slept, wall: () => at };
    const [a, b, c] = [await openPage(opened), await openPage(opened), await openPage(opened)];
    const before = a();
    at += 60_000;
    expect([b(), c()]).toEqual([before, before]);
    slept = 8 * HOUR;
    at += slept;
    // Opened after the standby: its clock is right.
    const d = await openPage({ page: () => at, wall: () => at });
    const sessions = [b, a, c, a, d, a, b].map((session) => {
      at += 4_000;
      return session();
    });
    expect(new Set(sessions).size).toBe(1);
    expect(sessions).not.toContain(before);
    // The page that slept keeps the session active for the others.
    for (let minutes = 0; minutes < 60; minutes += 20) {
      at += 20 * 60_000;
      expect(a()).toBe(sessions[0]);
    }
    expect(d()).toBe(sessions[0]);
  });

  it("goes on through a page whose clock is set back", async () => {
    const right = { page: () => at, wall: () => at };
    const back = { page: () => at - 2 * HOUR, wall: () => at - 2 * HOUR };
    const first = (await openPage(right))();
    at += 1_000;
    const wrong = await openPage(back);
    for (let minutes = 0; minutes < 80; minutes += 20) {
      expect(wrong()).toBe(first);
      at += 20 * 60_000;
    }
    expect((await openPage(right))()).toBe(first);
    at += SESSION_IDLE_MS + STALE_MS;
    expect(wrong()).not.toBe(first);
  });

  it("goes on while the wall clock of an open page is set back and then right again", async () => {
    let error = 0;
    const session = await openPage({ page: () => at, wall: () => at - error });
    const first = session();
    for (const next of [HOUR, 0, 20 * HOUR, 0]) {
      error = next;
      at += 60_000;
      expect(session()).toBe(first);
    }
  });

  it("does not go on after a time more than a day ahead", async () => {
    const wrong = (await openPage({ page: () => at + 365 * 24 * HOUR, wall: () => at }))();
    const right = await openPage({ page: () => at, wall: () => at });
    const second = right();
    expect(second).not.toBe(wrong);
    at += 6_000;
    expect(right()).toBe(second);
    at += SESSION_IDLE_MS + 1;
    expect((await openPage({ page: () => at, wall: () => at }))()).not.toBe(second);
  });

  it("is the same for five pages in any order, whatever they slept", async () => {
    const page = fc.record({ slept: fc.constantFrom(0, 60_000, 8 * HOUR), error: fc.constantFrom(0, HOUR) });
    const uses = fc.array(fc.record({ page: fc.nat(4), ms: fc.nat(4_000) }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(page, { minLength: 5, maxLength: 5 }), uses, async (pages, used) => {
        storage.removeItem(`tidemark.${KEY}`);
        const right = await openPage({ page: () => at, wall: () => at });
        const first = right();
        const sessions: (() => string)[] = [];
        for (const { slept, error } of pages)
          sessions.push(await openPage({ page: () => at - slept - error, wall: () => at - error }));
        for (const { page: index, ms } of used) {
          at += ms;
          expect(sessions[index]?.()).toBe(first);
        }
        expect(right()).toBe(first);
      }),
      { numRuns: 20 },
    );
  });
});

describe("the visitor", () => {
  it("is the same in all tabs a few seconds after a login or logout in one of them", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            tab: fc.nat(2),
            action: fc.constantFrom("nothing", "event", "log in", "log out"),
            ms: fc.constantFrom(0, 1, 1_000, STALE_MS + 1),
          }),
          { maxLength: 60 },
        ),
        (steps) => {
          storage.removeItem(`tidemark.${KEY}`);
          const tabs = [openTab(), openTab(), openTab()];
          let user: string | undefined;
          const usersBefore = new Set<string>();
          for (const { tab, action, ms } of steps) {
            const { identify, forget } = tabs[tab] as Identity;
            // A tracker also reads the visitor before it identifies or resets.
            const visitor = action === "nothing" ? undefined : visitorIn(tabs[tab] as Identity);
            if (action === "log in") {
              user = `user-${time}`;
              identify({ user_id: user });
            } else if (action === "log out" && visitor) {
              user = undefined;
              usersBefore.add(visitor.anonymous_id);
              forget();
            }
            advance(ms);
          }
          advance(STALE_MS + 1);
          const [first, ...others] = tabs.map(visitorIn);
          for (const other of others) expect(other).toEqual(first);
          expect(first?.user_id).toBe(user);
          expect(usersBefore).not.toContain(first?.anonymous_id);
        },
      ),
    );
  });

  it("keeps its session in a tab whose storage is full, whatever the storage contains", () => {
    const tab = openTab();
    visitorIn(tab);
    advance(SESSION_IDLE_MS + 1);
    storage.isFull = true;
    const session = visitorIn(tab).session_id;
    for (let each = 0; each < 10; each += 1) {
      advance(STALE_MS + 1);
      expect(visitorIn(tab).session_id).toBe(session);
    }
  });
});

describe("a stored identity", () => {
  const ids = fc.oneof(fc.constantFrom("visitor-1", "shop.session-1", "ada", ""), fc.string(), fc.jsonValue());
  const stored = fc.oneof(
    fc.jsonValue(),
    fc.record({
      active_at: fc.oneof(fc.constant(Date.now()), fc.jsonValue(), fc.constant({ toString: false })),
      started_at: fc.oneof(fc.constant(Date.now()), fc.jsonValue(), fc.constant({ toString: false })),
      visitor: fc.oneof(
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom("anonymous_id", "session_id", "user_id", "other"), ids),
      ),
    }),
  );

  it("never gives a batch ids or fields that the contract does not allow, whatever another script stores", () => {
    const origin = envelope.pick({ anonymous_id: true, session_id: true, user_id: true });
    fc.assert(
      fc.property(stored, (value) => {
        storage.setItem(`tidemark.${KEY}`, JSON.stringify(value));
        const { error } = origin.safeParse(visitorIn(openTab()));
        expect(error).toBeUndefined();
      }),
    );
  });

  it("has a long id cut between characters", () => {
    const visitor = { anonymous_id: "visitor-1", session_id: "shop.session-1", user_id: `${"x".repeat(199)}😀` };
    storage.setItem(`tidemark.${KEY}`, JSON.stringify({ started_at: time, active_at: time, visitor }));
    expect(visitorIn(openTab()).user_id).toBe("x".repeat(199));
  });

  it("without a valid visitor counts as none", () => {
    const valid = { anonymous_id: "visitor-1", session_id: "shop.session-1", user_id: "ada" };
    const identity = { started_at: time, active_at: time };
    storage.setItem(`tidemark.${KEY}`, JSON.stringify({ ...identity, visitor: { ...valid, other: 1 } }));
    expect(visitorIn(openTab())).toEqual(valid);
    storage.setItem(`tidemark.${KEY}`, JSON.stringify({ ...identity, visitor: { ...valid, anonymous_id: 12345678 } }));
    expect(visitorIn(openTab()).anonymous_id).not.toBe(12345678);
  });
});

describe("a session id from the caller", () => {
  it.each(["short", "with space", "", 12345678, {}, null])("is ignored with a warning if it is %j", (id) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(visitorIn(openTab(id as string)).session_id).toMatch(/^shop\../);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});
