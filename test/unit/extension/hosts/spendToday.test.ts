import { describe, expect, it } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { SpendToday } from "../../../../src/extension/hosts/spendToday.ts";
import { aFleet } from "../../../support/aFleet.ts";

async function someSpend(isOurs = true) {
  const scene = await aFleet((host) => {
    host.fleet = false;
    host.answers["initialize"] = () => undefined;
    if (!isOurs) return;
    const fleet = { version: 1, epoch: "e", methods: ["x-fleet/spend"], channels: [], isolation: "none" };
    host.answers["initialize"] = () => ({
      result: { protocolVersion: "0.9.0", serverSeq: 0, snapshots: [], _meta: { muster: fleet } },
    });
    const item = { key: "", coordination: { costUsd: 4.2, unpricedTurns: 1 }, infrastructure: {} };
    host.answers["x-fleet/spend"] = ({ from, to }) => ({ result: { from, to, items: [], total: item } });
  });
  const { connections, clock, host } = scene;
  const spend = new SpendToday({ connections, clock, logger: silentLogger });
  const seen = new Emitter<void>(() => undefined);
  const display = { visible: false, onDidChangeVisibility: seen.event };
  const show = (visible: boolean) => {
    display.visible = visible;
    seen.fire();
  };
  spend.showIn(display);
  const asked = () => host.heard.filter(({ method }) => method === "x-fleet/spend").map(({ params }) => params["from"]);
  return { clock, spend, show, asked };
}

describe("what a host has spent today", () => {
  it("is asked for when somebody looks, and again when an agent has spent more", async () => {
    const { clock, spend, show, asked } = await someSpend();
    await clock.advance(60_000);
    expect(asked()).toEqual([]);
    show(true);
    await clock.advance(1500);
    expect(spend.of("a")).toEqual({ usd: 4.2, unpricedTurns: 1 });
    await clock.advance(60_000);
    expect(asked()).toHaveLength(1);
    spend.outdate("a");
    spend.outdate("a");
    await clock.advance(1500);
    expect(asked()).toHaveLength(2);
    show(false);
    spend.outdate("a");
    await clock.advance(60_000);
    expect(asked()).toHaveLength(2);
    show(true);
    await clock.advance(1500);
    expect(asked()).toHaveLength(3);
    expect(asked()[0]).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it("is not asked of a host that keeps no accounts", async () => {
    const { clock, spend, show, asked } = await someSpend(false);
    show(true);
    await clock.advance(1500);
    expect([asked(), spend.of("a")]).toEqual([[], undefined]);
  });
});
