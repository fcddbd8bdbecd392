import { describe, expect, it } from "vitest";
import type { SessionsChange } from "../../../src/client/client.ts";
import { aSummary, ClientOnFakeHost } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";

const [a, b, c] = ["ahp-session:/a", "ahp-session:/b", "ahp-session:/c"] as const;

async function withSessions(...uris: string[]) {
  const scene = new ClientOnFakeHost();
  for (const uri of uris) scene.host.sessions.set(uri, aSummary(uri));
  const changes: SessionsChange[] = [];
  scene.client.sessions.onDidChange((change) => changes.push(change));
  await scene.live();
  return { scene, changes, sessions: scene.client.sessions };
}

describe("the list of sessions", () => {
  it("is listed page by page and announced once", async () => {
    const scene = new ClientOnFakeHost();
    scene.host.pageSize = 2;
    for (const uri of [a, b, c]) scene.host.sessions.set(uri, aSummary(uri));
    const changes: SessionsChange[] = [];
    scene.client.sessions.onDidChange((change) => changes.push(change));
    expect(scene.client.sessions).toMatchObject({ isListed: false, isCurrent: false });
    await scene.live();
    expect(changes).toEqual([{ added: [a, b, c], changed: [], removed: [] }]);
    expect(scene.client.sessions).toMatchObject({ isListed: true, isCurrent: true });
  });

  it("follows what the host announces, telling only what was touched", async () => {
    const { scene, changes, sessions } = await withSessions(a, b);
    changes.length = 0;
    const channel = "ahp-root://";
    scene.host.notify("root/sessionAdded", { channel, summary: aSummary(c) });
    scene.host.notify("root/sessionSummaryChanged", { channel, session: a, changes: { status: 8, activity: "Tests" } });
    scene.host.notify("root/sessionSummaryChanged", { channel, session: a, changes: { status: 8 } });
    scene.host.notify("root/sessionSummaryChanged", { channel, session: a, changes: { activity: null } });
    scene.host.notify("root/sessionRemoved", { channel, session: b });
    scene.host.notify("root/sessionRemoved", { channel, session: "ahp-session:/never" });
    await settle();
    expect(changes).toEqual([
      { added: [c], changed: [], removed: [] },
      { added: [], changed: [a], removed: [] },
      { added: [], changed: [a], removed: [] },
      { added: [], changed: [], removed: [b] },
    ]);
    expect(sessions.all.get(a)).toMatchObject({ status: 8, provider: "sample" });
    expect(sessions.all.get(a)?.activity).toBeUndefined();
  });

  it("is listed again after a reconnect, by difference and without flicker", async () => {
    const { scene, changes, sessions } = await withSessions(a, b);
    const untouched = sessions.all.get(a);
    changes.length = 0;
    scene.host.dropAll();
    await settle();
    expect(sessions.isCurrent).toBe(false);
    expect(sessions.all.size).toBe(2);
    scene.host.sessions.delete(b);
    scene.host.sessions.set(c, aSummary(c));
    await scene.retried();
    expect(changes).toEqual([
      { added: [], changed: [], removed: [] },
      { added: [c], changed: [], removed: [b] },
    ]);
    expect(sessions.all.get(a)).toBe(untouched);
  });

  it("believes an announcement over a page that was made before it", async () => {
    const { scene, sessions } = await withSessions(a, b);
    const page = { result: { items: [aSummary(a), aSummary(b)] } };
    scene.host.answers["listSessions"] = () => {
      scene.host.notify("root/sessionRemoved", { channel: "ahp-root://", session: a });
      scene.host.notify("root/sessionAdded", { channel: "ahp-root://", summary: aSummary(c) });
      return page;
    };
    await sessions.refresh();
    expect(Array.from(sessions.all.keys())).toEqual([b, c]);
  });

  it("ends on a host that repeats its cursor", async () => {
    const { scene, sessions } = await withSessions();
    scene.host.answers["listSessions"] = () => ({ result: { items: [aSummary(a)], nextCursor: "again" } });
    await sessions.refresh();
    expect(sessions.all.size).toBe(1);
  });

  it("leaves out a session that cannot be read", async () => {
    const { scene, sessions } = await withSessions();
    scene.host.answers["listSessions"] = () => ({ result: { items: [{ resource: 1 }, aSummary(a), null] } });
    await sessions.refresh();
    expect(Array.from(sessions.all.keys())).toEqual([a]);
    scene.host.answers["listSessions"] = () => ({ result: [] });
    await expect(sessions.refresh()).rejects.toMatchObject({ code: "host.incompatible" });
  });

  it("keeps what it has when a listing fails", async () => {
    const { scene, sessions } = await withSessions(a);
    scene.host.answers["listSessions"] = () => ({ error: { code: -32603, message: "No." } });
    await expect(sessions.refresh()).rejects.toMatchObject({ code: "internal" });
    expect(sessions.all.size).toBe(1);
  });
});
