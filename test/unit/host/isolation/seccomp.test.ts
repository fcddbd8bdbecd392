import { describe, expect, it } from "vitest";
import { seccompFilter } from "../../../../src/host/isolation/seccomp.ts";

const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const errno = (code: number) => 0x0005_0000 + code;

/** The kernel's reading of a program, for one call; arguments are of 32 bits. */
function answer(filter: Buffer, audit: number, call: number, args: readonly number[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call, 0);
  data.writeUInt32LE(audit, 4);
  for (const [index, value] of args.entries()) data.writeUInt32LE(value >>> 0, 16 + index * 8);
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at += 1) {
    const code = filter.readUInt16LE(at * 8);
    const [onTrue, onFalse, value] = [
      filter.readUInt8(at * 8 + 2),
      filter.readUInt8(at * 8 + 3),
      filter.readUInt32LE(at * 8 + 4),
    ];
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (code === 0x15) at += accumulator === value ? onTrue : onFalse;
    else if (code === 0x35) at += accumulator >= value ? onTrue : onFalse;
    else if (code === 0x06) return value;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("the program has no end");
}

const machines = [
  { name: "x64", audit: 0xc000_003e, read: 0, mount: 165, keyctl: 250, ioctl: 16, socket: 41, clone: 56, unshare: 272 },
  {
    name: "arm64",
    audit: 0xc000_00b7,
    read: 63,
    mount: 40,
    keyctl: 219,
    ioctl: 29,
    socket: 198,
    clone: 220,
    unshare: 97,
  },
];
const clone3 = 435;
const newUser = 0x1000_0000;

describe.each(machines)("the system call filter on $name", ({ name, audit, ...calls }) => {
  const plain = seccompFilter(name, false) ?? Buffer.alloc(0);
  const nested = seccompFilter(name, true) ?? Buffer.alloc(0);

  it("lets ordinary calls through", () => {
    expect(answer(plain, audit, calls.read)).toBe(ALLOW);
    expect(answer(plain, audit, calls.clone, [0x0120_0011])).toBe(ALLOW);
    expect(answer(plain, audit, calls.ioctl, [0, 0x5413])).toBe(ALLOW);
    for (const family of [1, 2, 10, 16]) expect(answer(plain, audit, calls.socket, [family])).toBe(ALLOW);
  });

  it("refuses what was a way out of boxes", () => {
    expect(answer(plain, audit, calls.keyctl)).toBe(errno(1));
    for (const request of [0x5412, 0x541c]) expect(answer(plain, audit, calls.ioctl, [0, request])).toBe(errno(1));
    for (const family of [0, 3, 17, 40, 255]) expect(answer(plain, audit, calls.socket, [family])).toBe(errno(1));
    expect(answer(nested, audit, calls.keyctl)).toBe(errno(1));
  });

  it("lets name spaces be made by those only who may", () => {
    for (const call of [calls.clone, calls.unshare]) {
      expect(answer(plain, audit, call, [newUser | 0x11])).toBe(errno(1));
      expect(answer(nested, audit, call, [newUser | 0x11])).toBe(ALLOW);
    }
    expect(answer(plain, audit, clone3)).toBe(errno(38));
    expect(answer(nested, audit, clone3)).toBe(ALLOW);
    expect(answer(plain, audit, calls.mount)).toBe(errno(1));
    expect(answer(nested, audit, calls.mount)).toBe(ALLOW);
  });

  it("ends programs that call as another kind of machine", () => {
    expect(answer(plain, 0x4000_0003, calls.read)).toBe(KILL);
    if (name === "x64") expect(answer(plain, audit, 0x4000_0000 + calls.read)).toBe(errno(38));
  });

  it("fits the kernel's limit", () => expect(plain.length / 8).toBeLessThan(4_096));
});

it("is not made for machines whose calls are not known", () => expect(seccompFilter("mips", false)).toBeUndefined());
