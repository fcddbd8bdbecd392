import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { decode } from "../../../src/protocol/decode.ts";
import { defaultFrameLimits, parseFrame } from "../../../src/protocol/frame.ts";

describe("FUZ-2: a frame", () => {
  const nested = (depth: number) =>
    `{"jsonrpc":"2.0","method":"x","params":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;

  it("is refused when nested too deep, however the brackets hide", () => {
    expect(parseFrame(nested(64)).ok).toBe(true);
    expect(parseFrame(nested(65))).toMatchObject({ ok: false, error: { kind: "parse" } });
    expect(parseFrame("[".repeat(5_000_000)).ok).toBe(false);
    const text = JSON.stringify({ jsonrpc: "2.0", method: "x", params: { text: `\\"${"[{".repeat(100)}\\` } });
    expect(parseFrame(text).ok).toBe(true);
  });

  it("is measured in bytes", () => {
    const text = JSON.stringify({ jsonrpc: "2.0", method: "x", params: { text: "é€😀" } });
    const bytes = Buffer.byteLength(text);
    expect(parseFrame(text, { ...defaultFrameLimits, maxBytes: bytes }).ok).toBe(true);
    expect(parseFrame(text, { ...defaultFrameLimits, maxBytes: bytes - 1 })).toMatchObject({ ok: false });
  });

  it("loses keys that could reach a prototype, in any spelling", () => {
    const text =
      '{"jsonrpc":"2.0","method":"x","params":{"a":[{"__proto__":{"p":1},"\\u005f_proto__":2,"constructor":3,"prototype":4,"k":5}]}}';
    const parsed = parseFrame(text);
    expect(parsed.ok && JSON.stringify(parsed.value)).toBe(
      '{"kind":"notification","method":"x","params":{"a":[{"k":5}]}}',
    );
  });

  it("is refused with more members than the limit, small or large, whatever its texts hold", () => {
    const limits = { ...defaultFrameLimits, maxKeys: 10_000 };
    const keys = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, ":,{"]));
    const message = (params: object) => JSON.stringify({ jsonrpc: "2.0", method: "x", params });
    expect(parseFrame(message(keys(9_997)), limits).ok).toBe(true);
    expect(parseFrame(message(keys(9_998)), limits)).toMatchObject({ ok: false, error: { kind: "parse" } });
    const flood = `{"jsonrpc":"2.0","method":"x","params":{${'"k":0,'.repeat(1_000_000)}"k":0}}`;
    expect(parseFrame(flood)).toMatchObject({ ok: false, error: { kind: "parse" } });
    const few = { ...limits, maxKeys: 5 };
    expect(parseFrame(message({ a: 1, b: 2 }), few).ok).toBe(true);
    expect(parseFrame(message({ a: 1, b: { c: 2 } }), few).ok).toBe(false);
    expect(parseFrame(message(Array.from({ length: 20_000 }, () => 0)), limits).ok).toBe(true);
  });

  it.each([1, 63, 64, 65, 500, 5_000, 100_000, 500_000])("of depth %i has a defined answer at once", (depth) => {
    const text = `{"jsonrpc":"2.0","method":"x","params":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    const deep = depth === 1 ? '{"jsonrpc":"2.0","method":"x"}' : text;
    expect(parseFrame(deep).ok).toBe(depth <= 64);
  });

  it("may hold a number of ten million digits, or one that no number is: its schema refuses what is infinite", () => {
    const message = (number: string) => `{"jsonrpc":"2.0","method":"action","params":{"serverSeq":${number}}}`;
    for (const text of [message("9".repeat(10_000_000)), message("1e999"), message("-1e999")]) {
      const frame = parseFrame(text);
      expect(frame.ok).toBe(true);
      const { params } = frame.ok && frame.value.kind === "notification" ? frame.value : {};
      expect(decode(z.looseObject({ serverSeq: z.number() }), params).ok).toBe(false);
    }
    expect(parseFrame(`{"jsonrpc":"2.0","id":1e999,"method":"x"}`)).toMatchObject({ ok: false, error: { id: null } });
  });

  it("has one value for a key that comes twice: the last", () => {
    const text = '{"jsonrpc":"2.0","method":"x","method":"y","params":{"a":1,"a":2}}';
    expect(parseFrame(text)).toEqual({ ok: true, value: { kind: "notification", method: "y", params: { a: 2 } } });
  });

  it("keeps lone surrogates as they are, and prototypes out of reach", () => {
    const text = '{"jsonrpc":"2.0","method":"x","params":{"\\ud800":"\\udfff","__proto__":{"polluted":1}}}';
    const parsed = parseFrame(text);
    expect(parsed.ok && parsed.value).toMatchObject({ params: { "\ud800": "\udfff" } });
    expect(Object.hasOwn({}, "polluted") || "polluted" in {}).toBe(false);
    const params: unknown = parsed.ok && "params" in parsed.value ? parsed.value.params : undefined;
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
    expect(JSON.stringify(params)).not.toContain("polluted");
  });

  it("has a defined answer whatever its text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const parsed = parseFrame(text);
        expect(typeof parsed.ok).toBe("boolean");
      }),
    );
  });
});
