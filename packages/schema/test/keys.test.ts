import { describe, expect, it } from "vitest";
import { CLIENT_ID, PUBLIC_KEY, SESSION_ID, SITE_ID, TRACEPARENT } from "../src/keys.ts";

interface Format {
  name: string;
  format: RegExp;
  accepted: string[];
  rejected: string[];
}

const formats: Format[] = [
  {
    name: "SITE_ID",
    format: SITE_ID,
    accepted: ["a", "shop", "shop-2", "0", "a".repeat(32)],
    rejected: ["", "a".repeat(33), "Shop", "my_shop", "my.shop", "my shop", "my:shop", "bücher", "shop\n"],
  },
  {
    name: "PUBLIC_KEY",
    format: PUBLIC_KEY,
    accepted: ["tm_shop_aaaaaaaa", "tm_a_AZaz0189", `tm_${"a".repeat(32)}_aaaaaaaa`, `tm_shop_${"a".repeat(100)}`],
    rejected: [
      "",
      "shop_aaaaaaaa",
      "TM_shop_aaaaaaaa",
      "tm_shop_aaaaaaa",
      "tm__aaaaaaaa",
      "tm_Shop_aaaaaaaa",
      "tm_my_shop_aaaaaaaa",
      "tm_shop_aaaaaaa-",
      "tm_shop_aaaa_aaaa",
      `tm_${"a".repeat(33)}_aaaaaaaa`,
      " tm_shop_aaaaaaaa",
      "tm_shop_aaaaaaaa\n",
    ],
  },
  {
    name: "TRACEPARENT",
    format: TRACEPARENT,
    accepted: [
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000001-0000000000000001-00",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff",
    ],
    rejected: [
      "",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
      "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
      "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n",
    ],
  },
  {
    name: "CLIENT_ID",
    format: CLIENT_ID,
    accepted: ["a".repeat(8), "a".repeat(64), "V1StGXR8_Z5jdHi6B-myT", "--------", "________"],
    rejected: [
      "",
      "a".repeat(7),
      "a".repeat(65),
      "shop.V1StGXR8",
      "with space",
      "ünïcödé-id",
      "aaaaaaaa\n",
      "aaaa:aaaa",
    ],
  },
  {
    name: "SESSION_ID",
    format: SESSION_ID,
    accepted: ["a".repeat(8), "shop.V1StGXR8Z5jdHi6B", `${"a".repeat(32)}.${"b".repeat(64)}`, "my-shop.--------"],
    rejected: [
      "",
      "shop.aaaaaaa",
      ".aaaaaaaa",
      "Shop.aaaaaaaa",
      "my_shop.aaaaaaaa",
      "shop.aaaa.aaaa",
      `${"a".repeat(33)}.aaaaaaaa`,
      `shop.${"a".repeat(65)}`,
      "shop.aaaaaaaa\n",
      "shop:aaaaaaaa",
    ],
  },
];

describe.each(formats)("$name", ({ format, accepted, rejected }) => {
  it.each(accepted)("accepts %j", (text) => {
    expect(format.test(text)).toBe(true);
  });

  it.each(rejected)("rejects %j", (text) => {
    expect(format.test(text)).toBe(false);
  });
});

it("PUBLIC_KEY captures the site's id", () => {
  expect(PUBLIC_KEY.exec("tm_my-shop_aaaaaaaa")?.[1]).toBe("my-shop");
});

it("SESSION_ID captures the site's id with its dot, if there is one", () => {
  expect(SESSION_ID.exec("shop.aaaaaaaa")?.[1]).toBe("shop.");
  expect(SESSION_ID.exec("aaaaaaaa")?.[1]).toBeUndefined();
});
