import { networkInterfaces } from "node:os";
import { afterEach, expect, it, vi } from "vitest";
import { linkRows, networkNotice } from "../../src/local-stack/notices.ts";

vi.mock("node:os", () => ({ networkInterfaces: vi.fn() }));
afterEach(() => {
  vi.mocked(networkInterfaces).mockReset();
});

const address = (text: string, internal: boolean) =>
  ({ address: text, family: "IPv4", internal }) as NonNullable<ReturnType<typeof networkInterfaces>["eth0"]>[number];

it("links to a public server at each network address", () => {
  vi.mocked(networkInterfaces).mockReturnValue({
    lo: [address("127.0.0.1", true)],
    eth0: [address("192.168.0.7", false)],
  });
  expect(linkRows("Site", "http://localhost:8788", "/", true)).toEqual([
    ["Site", "http://localhost:8788/"],
    ["", "http://192.168.0.7:8788/"],
  ]);
  expect(networkNotice(true)).toEqual([]);
});

it("prints a notice for a public server of a machine without a network", () => {
  vi.mocked(networkInterfaces).mockReturnValue({ lo: [address("127.0.0.1", true)] });
  expect(networkNotice(true)).toEqual([expect.stringContaining("no other machine can connect")]);
  expect(networkNotice(false)).toEqual([]);
});
