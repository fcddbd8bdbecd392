import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../src/base/logger.ts";
import { defaultLimits } from "../../../src/client/limits.ts";
import { Link } from "../../../src/client/link.ts";
import { FakeClock, settle } from "../../support/fakeClock.ts";
import { FakeTransport } from "../../support/fakeTransport.ts";

function aLink() {
  const told: string[] = [];
  const clock = new FakeClock();
  const link = new Link(
    { clock, logger: silentLogger, limits: defaultLimits, hostName: "farm" },
    {
      notification: (method) => told.push(method),
      heard: () => told.push("heard"),
      lost: ({ code }) => told.push(`lost: ${code}`),
    },
  );
  const [near, far] = FakeTransport.pair();
  link.attach(near);
  const say = (message: object) => near.receive(JSON.stringify({ jsonrpc: "2.0", ...message }));
  return { link, near, far, clock, told, say };
}

describe("a link", () => {
  it("holds what comes before it is established, and tells it in order", () => {
    const { link, say, told } = aLink();
    say({ method: "one" });
    say({ method: "two" });
    expect(told).toEqual(["heard", "heard"]);
    link.establish();
    say({ method: "three" });
    expect(told).toEqual(["heard", "heard", "one", "two", "heard", "three"]);
  });

  it("says nothing of what was held once it is over, not even in the middle of telling", () => {
    const { link, say, told } = aLink();
    say({ method: "one" });
    link.end();
    link.establish();
    expect(told).toEqual(["heard"]);
  });

  it("gives no answer that came in time but is taken too late", async () => {
    const { link, say } = aLink();
    link.establish();
    const answer = expect(link.call("ping", {})).rejects.toMatchObject({ code: "host.disconnected" });
    say({ id: 1, result: { items: [] } });
    link.end();
    await answer;
  });

  it("gives no refusal either", async () => {
    const { link, say } = aLink();
    link.establish();
    const answer = expect(link.call("ping", {})).rejects.toMatchObject({ code: "host.disconnected" });
    say({ id: 1, error: { code: -32005, message: "No." } });
    link.end();
    await answer;
  });

  it("is lost once, and does nothing afterwards", async () => {
    const { link, near, far, say, told, clock } = aLink();
    link.establish();
    near.drop(1006);
    near.isOpen = true;
    say({ method: "late" });
    link.notify("late", {});
    link.fail(new Error("again") as never);
    await settle();
    await clock.advance(120_000);
    expect(told).toEqual(["lost: host.disconnected"]);
    expect(near.sent).toEqual([]);
    expect(far.sent).toEqual([]);
    expect(clock.pending).toBe(0);
    await expect(link.call("ping", {})).rejects.toMatchObject({ code: "host.disconnected" });
  });

  it("goes on telling although somebody fails to listen", () => {
    const clock = new FakeClock();
    const told: string[] = [];
    const link = new Link(
      { clock, logger: silentLogger, limits: defaultLimits, hostName: "farm" },
      {
        notification: (method) => {
          told.push(method);
          throw new Error("bug");
        },
        heard: () => undefined,
        lost: ({ code }) => told.push(code),
      },
    );
    const [near] = FakeTransport.pair();
    link.attach(near);
    link.establish();
    for (const method of ["one", "two"]) near.receive(JSON.stringify({ jsonrpc: "2.0", method }));
    expect(told).toEqual(["one", "two"]);
  });
});
