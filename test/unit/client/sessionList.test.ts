import { describe, expect, it } from "vitest";
import type { SessionsChange } from "../../../src/client/client.ts";
import { aChat, aSession, chat, session } from "../../support/aChat.ts";
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
  it("grows page by page while the host is listed for the first time", async () => {
    const scene = new ClientOnFakeHost();
    const { sessions } = scene.client;
    scene.host.pageSize = 2;
    for (const uri of [a, b, c]) scene.host.sessions.set(uri, aSummary(uri));
    const seen: object[] = [];
    sessions.onDidChange((change) => seen.push({ change, isListed: sessions.isListed, isLive: sessions.isLive }));
    expect(sessions).toMatchObject({ isListed: false, isLive: false, isCurrent: false });
    await scene.live();
    expect(seen).toEqual([
      { change: { added: [a, b], changed: [], removed: [] }, isListed: false, isLive: true },
      { change: { added: [c], changed: [], removed: [] }, isListed: true, isLive: true },
    ]);
    expect(sessions.isCurrent).toBe(true);
  });

  it("asks for few sessions first", async () => {
    const scene = new ClientOnFakeHost();
    scene.host.pageSize = 2;
    for (const uri of [a, b, c]) scene.host.sessions.set(uri, aSummary(uri));
    const limits: unknown[] = [];
    scene.host.answers["listSessions"] = ({ limit }) => void limits.push(limit);
    await scene.live();
    expect(limits).toEqual([50, 500]);
  });

  it("is exchanged in one go when the first listing broke off halfway", async () => {
    const scene = new ClientOnFakeHost();
    const { sessions } = scene.client;
    scene.host.answers["listSessions"] = ({ cursor }) => {
      if (cursor === undefined) return { result: { items: [aSummary(a), aSummary(b)], nextCursor: "2" } };
      scene.host.dropAll();
      return { result: { items: [aSummary(c)] } };
    };
    await scene.live();
    expect(Array.from(sessions.all.keys())).toEqual([a, b]);
    expect(sessions).toMatchObject({ isListed: false, isLive: false, isCurrent: false });
    expect(sessions.asOf).toBeDefined();

    const kept = sessions.all.get(b);
    const seen: object[] = [];
    sessions.onDidChange((change) => seen.push({ change, isCurrent: sessions.isCurrent }));
    scene.host.answers["listSessions"] = ({ cursor }) =>
      cursor === undefined
        ? { result: { items: [aSummary(c)], nextCursor: "2" } }
        : { result: { items: [aSummary(b)] } };
    await scene.retried();
    expect(seen).toEqual([{ change: { added: [c], changed: [], removed: [a] }, isCurrent: true }]);
    expect(sessions.all.get(b)).toBe(kept);
  });

  it("keeps the pages that came when a later one is refused, and asks again", async () => {
    const scene = new ClientOnFakeHost();
    const { sessions } = scene.client;
    let refusals = 0;
    scene.host.answers["listSessions"] = ({ cursor }) => {
      if (cursor === undefined) return { result: { items: [aSummary(a)], nextCursor: "2" } };
      return ++refusals < 2 ? { error: { code: -32603, message: "No." } } : { result: { items: [aSummary(b)] } };
    };
    await scene.live();
    expect(Array.from(sessions.all.keys())).toEqual([a]);
    expect(sessions).toMatchObject({ isListed: false, isLive: true, isCurrent: false });
    await scene.clock.advance(60_000);
    expect(Array.from(sessions.all.keys())).toEqual([a, b]);
    expect(sessions.isCurrent).toBe(true);
  });

  it("believes an announcement over a page of the first listing that was made before it", async () => {
    const scene = new ClientOnFakeHost();
    const { sessions } = scene.client;
    const channel = "ahp-root://";
    scene.host.answers["listSessions"] = ({ cursor }) => {
      if (cursor !== undefined) return { result: { items: [aSummary(b), aSummary(c)] } };
      scene.host.notify("root/sessionSummaryChanged", { channel, session: b, changes: { title: "later" } });
      scene.host.notify("root/sessionRemoved", { channel, session: c });
      return { result: { items: [aSummary(a)], nextCursor: "2" } };
    };
    await scene.live();
    expect(Array.from(sessions.all.values(), ({ resource, title }) => [resource, title])).toEqual([
      [a, `Title of ${a}`],
      [b, "later"],
    ]);
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

describe("a host that lists in its own way", () => {
  it("may ignore the limit and list everything at once", async () => {
    const { scene, sessions } = await withSessions();
    const items = Array.from({ length: 3000 }, (_, i) => aSummary(`ahp-session:/${i}`));
    scene.host.answers["listSessions"] = () => ({ result: { items } });
    await sessions.refresh();
    expect(sessions.all.size).toBe(3000);
    expect(sessions.isCut).toBe(false);
  });

  it("may list a session twice", async () => {
    const { scene, sessions } = await withSessions();
    scene.host.answers["listSessions"] = ({ cursor }) =>
      cursor === undefined
        ? { result: { items: [aSummary(a), aSummary(b)], nextCursor: "2" } }
        : { result: { items: [aSummary(b), aSummary(a, { title: "later" })] } };
    await sessions.refresh();
    expect(Array.from(sessions.all.values(), ({ title }) => title)).toEqual(["later", `Title of ${b}`]);
  });

  it("may go in circles", async () => {
    const { scene, sessions } = await withSessions();
    let pages = 0;
    scene.host.answers["listSessions"] = ({ cursor }) => {
      pages++;
      return { result: { items: [aSummary(a)], nextCursor: cursor === "x" ? "y" : "x" } };
    };
    await sessions.refresh();
    expect(pages).toBe(3);
  });

  it("may never end: then the list is cut", async () => {
    const { scene, sessions } = await withSessions();
    let pages = 0;
    scene.host.answers["listSessions"] = () => ({ result: { items: [aSummary(a)], nextCursor: `${++pages}` } });
    await sessions.refresh();
    expect(pages).toBe(1000);
    expect(sessions.isCut).toBe(true);
  });

  it("is asked again after a while when it fails to, as long as the connection lasts", async () => {
    const scene = new ClientOnFakeHost();
    scene.host.sessions.set(a, aSummary(a));
    let failures = 0;
    scene.host.answers["listSessions"] = () =>
      ++failures < 3 ? { error: { code: -32603, message: "No." } } : undefined;
    await scene.live();
    expect(scene.client.sessions.isCurrent).toBe(false);
    await scene.clock.advance(60_000);
    expect(failures).toBe(3);
    expect(scene.client.sessions).toMatchObject({ isCurrent: true, isListed: true });
    expect(scene.client.sessions.all.size).toBe(1);
  });

  it("is listed on the next connection although the last listing never ended", async () => {
    const { scene, sessions } = await withSessions(a);
    scene.host.isSilent = true;
    const refreshed = expect(sessions.refresh()).rejects.toMatchObject({ code: "host.disconnected" });
    await settle();
    scene.host.isSilent = false;
    scene.host.dropAll();
    await refreshed;
    await scene.retried();
    expect(sessions.isCurrent).toBe(true);
  });
});

describe("announcements while the sessions are being listed", () => {
  const channel = "ahp-root://";

  async function during(...news: [method: string, params: object][]) {
    const { scene, sessions } = await withSessions();
    scene.host.answers["listSessions"] = () => {
      for (const [method, params] of news) scene.host.notify(method, { channel, ...params });
      return { result: { items: [aSummary(a), aSummary(b)] } };
    };
    await sessions.refresh();
    return sessions.all;
  }
  const changed = (session: string, changes: object): [string, object] => [
    "root/sessionSummaryChanged",
    { session, changes },
  ];

  it("change what is listed after them", async () => {
    const all = await during(changed(a, { title: "one", activity: "x" }), changed(a, { title: "two" }));
    expect(all.get(a)).toMatchObject({ title: "two", activity: "x" });
  });

  it("count in their order for each session", async () => {
    const all = await during(
      ["root/sessionAdded", { summary: aSummary(c) }],
      changed(c, { title: "new" }),
      ["root/sessionRemoved", { session: a }],
      changed(a, { title: "ghost" }),
      ["root/sessionRemoved", { session: b }],
      ["root/sessionAdded", { summary: aSummary(b, { title: "back" }) }],
    );
    expect(Array.from(all.values(), ({ title }) => title).toSorted()).toEqual(["back", "new"]);
  });
});

describe("a followed session", () => {
  it("that the host removes is gone, with all that belongs to it", async () => {
    const { scene } = await withSessions(session);
    scene.host.put(session, aSession());
    scene.host.put(chat, aChat());
    scene.host.put("ahp-session:/other", aSession());
    const [one, two, other] = [
      scene.client.subscribe("session", session),
      scene.client.subscribe("chat", chat),
      scene.client.subscribe("session", "ahp-session:/other"),
    ];
    await settle();
    scene.host.channels.delete(session);
    scene.host.channels.delete(chat);
    scene.host.notify("root/sessionRemoved", { channel: "ahp-root://", session });
    await settle();
    expect([one.status, two.status, other.status]).toEqual(["failed", "failed", "live"]);
    expect(one.error).toMatchObject({ code: "notFound" });
  });

  it("that the host removes and makes again is read anew", async () => {
    const { scene } = await withSessions(session);
    scene.host.put(session, aSession({ title: "old" }));
    const handle = scene.client.subscribe("session", session);
    await settle();
    scene.host.put(session, aSession({ title: "another" }));
    scene.host.notify("root/sessionRemoved", { channel: "ahp-root://", session });
    await settle();
    expect(handle).toMatchObject({ status: "live", state: { title: "another" } });
  });

  it("that the host adds is followed by those who came too early", async () => {
    const { scene } = await withSessions();
    const handle = scene.client.subscribe("session", session);
    await settle();
    expect(handle.status).toBe("failed");
    scene.host.put(session, aSession());
    scene.host.notify("root/sessionAdded", { channel: "ahp-root://", summary: aSummary(session) });
    await settle();
    expect(handle.status).toBe("live");
  });
});
