import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { Catalogue } from "../../../../src/host/sessions/catalogue.ts";
import { initialStates } from "../../../../src/host/sessions/newSession.ts";
import { refsOf, type SessionRefs } from "../../../../src/host/sessions/sessionRefs.ts";
import { annotationsUri } from "../../../../src/protocol/uris.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { MemoryLog } from "../../../support/memoryLog.ts";

function aCatalogue() {
  const clock = new FakeClock();
  const channels = new Channels({ log: new MemoryLog(clock), logger: silentLogger });
  const told: { method: string; params: object }[] = [];
  const catalogue = new Catalogue(channels, clock, (method, params) => told.push({ method, params }));
  const add = (id: string, createdAt: string): SessionRefs => {
    const refs = refsOf(`ahp-session:/${id}`);
    const wanted = { provider: "sample", model: undefined, config: { repository: "https://example.com/a/b" } };
    const { fleet, session } = initialStates(refs, wanted, { createdAt, isolation: "none", owner: "owner" });
    channels.create(refs.fleet, "fleetSession", fleet);
    channels.create(refs.session, "session", session);
    catalogue.add(refs, true);
    return refs;
  };
  return { clock, channels, told, catalogue, add };
}

describe("catalogue", () => {
  it("tells of many changes once, and only what differs", async () => {
    const { clock, channels, told, catalogue, add } = aCatalogue();
    const refs = add("aaaaaaaa", "2026-01-01T00:00:00Z");
    for (const title of ["one", "two", "three"]) {
      channels.dispatch(refs.session, { type: "session/titleChanged", title });
      catalogue.touch(refs.id);
    }
    await clock.advance(100);
    catalogue.touch(refs.id);
    await clock.advance(100);
    expect(told.map(({ method }) => method)).toEqual(["root/sessionAdded", "root/sessionSummaryChanged"]);
    expect(told[1]?.params).toEqual({ channel: "ahp-root://", session: refs.session, changes: { title: "three" } });
  });

  it("counts a session's comments, also while they are out of memory", async () => {
    const { clock, channels, told, catalogue, add } = aCatalogue();
    const refs = add("aaaaaaaa", "2026-01-01T00:00:00Z");
    const resource = annotationsUri(refs.session);
    const annotation = (id: string, resolved: boolean) => ({
      id,
      resource: "muster-file:/a.ts",
      resolved,
      entries: [
        { id: `${id}1`, text: "Why?" },
        { id: `${id}2`, text: "And this?" },
      ],
    });
    channels.create(resource, "annotations", { annotations: [annotation("a", false), annotation("b", true)] });
    catalogue.touch(refs.id);
    await clock.advance(100);
    const counted = {
      annotations: { resource, annotationCount: 2, entryCount: 4 },
      _meta: { muster: { openComments: 1 } },
    };
    expect(told.at(-1)?.params).toMatchObject({ changes: counted });
    channels.rest(-1, (_uri, kind) => kind === "annotations");
    expect(channels.isLoaded(resource)).toBe(false);
    channels.dispatch(refs.session, { type: "session/titleChanged", title: "Another" });
    catalogue.touch(refs.id);
    expect(catalogue.list({}).items).toMatchObject([{ title: "Another", ...counted }]);
    await channels.load(resource);
    for (const annotationId of ["a", "b"]) channels.dispatch(resource, { type: "annotations/removed", annotationId });
    catalogue.touch(refs.id);
    expect(catalogue.list({}).items[0]?.annotations).toBeUndefined();
  });

  it("pages from the newest, and a page stays in place when sessions come and go", () => {
    const { catalogue, add } = aCatalogue();
    const oldest = add("aaaaaaaa", "2026-01-01T00:00:00Z");
    add("bbbbbbbb", "2026-01-02T00:00:00Z");
    const newest = add("cccccccc", "2026-01-03T00:00:00Z");
    const first = catalogue.list({ limit: 2 });
    expect(first.items.map((item) => item.resource)).toEqual(["ahp-session:/cccccccc", "ahp-session:/bbbbbbbb"]);
    catalogue.remove(newest);
    add("dddddddd", "2026-01-04T00:00:00Z");
    const second = catalogue.list({ limit: 2, cursor: first.nextCursor });
    expect(second).toMatchObject({ items: [{ resource: oldest.session }] });
    expect(second.nextCursor).toBeUndefined();
    expect(catalogue.list({}).items).toHaveLength(3);
    expect(() => catalogue.list({ cursor: "nonsense" })).toThrow(/cursor/);
  });

  it("knows what changed lately, the latest first", async () => {
    const { clock, channels, catalogue, add } = aCatalogue();
    const resources = (ms: number) => catalogue.recent(ms).map((summary) => summary.resource);
    const first = add("aaaaaaaa", "2026-01-01T00:00:00Z");
    const second = add("bbbbbbbb", "2026-01-01T00:00:00Z");
    await clock.advance(1_000);
    channels.dispatch(second.session, { type: "session/titleChanged", title: "one" });
    catalogue.touch(second.id);
    expect(resources(10_000)).toEqual([second.session, first.session]);
    expect(catalogue.recent(500)).toMatchObject([{ resource: second.session, title: "one" }]);
    await clock.advance(20_000);
    expect(resources(10_000)).toEqual([]);
  });

  it("NET-13: has the first page of 10,000 sessions in 50 ms, of which it has read none", () => {
    const { catalogue, add } = aCatalogue();
    const first = add("aaaaaaaa", "2026-01-01T00:00:00Z");
    const row = catalogue.get(first.id);
    if (!row) throw new Error("There is no row.");
    catalogue.remove(first);
    for (let index = 0; index < 10_000; index++) {
      const createdAt = new Date(Date.UTC(2026, 0, 1) + ((index * 7_919) % 10_000)).toISOString();
      const id = `session-${index}`;
      catalogue.restore(id, { ...row, summary: { ...row.summary, resource: `ahp-session:/${id}`, createdAt } });
    }
    const before = process.cpuUsage();
    const page = JSON.stringify(catalogue.list({ limit: 200 }));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(50);
    expect(page.length).toBeLessThan(200_000);
    expect(page).toContain("2026-01-01T00:00:09.999Z");
  });

  it("sets no timer that outlives it", () => {
    const { clock, catalogue, add } = aCatalogue();
    catalogue.touch(add("aaaaaaaa", "2026-01-01T00:00:00Z").id);
    catalogue.dispose();
    expect(clock.pending).toBe(0);
  });
});
