import { describe, expect, it } from "vitest";
import { aChat, anActiveTurn, aTurn, chat, markdown, pendingCall, session, toolPart } from "../../../support/aChat.ts";
import { aPanel, fleet, terminal } from "../../../support/aPanel.ts";

describe("the panel bridge", () => {
  it("gives a ready page snapshots of everything, and who it is", async () => {
    const { ask, page } = await aPanel();
    expect(await ask("ready")).toEqual({ agent: { hostId: "a", session } });
    expect(page.session.value?.title).toBe("Fix the parser");
    expect(page.chat.value?.turns.map(({ id }) => id)).toEqual(["t1"]);
    expect(page.changeset.value?.files).toHaveLength(1);
    expect(page.fleet.value?.phase).toBe("ready");
    expect(page.facts.value).toMatchObject({ hostName: "a", connection: "live", hasOlder: false });
  });

  it("forwards actions, so that the page's state is the host's", async () => {
    const { ask, page, host, clock, items } = await aPanel();
    await ask("ready");
    const before = items().length;
    host.act(chat, {
      type: "chat/turnStarted",
      turnId: "t2",
      startedAt: "2026-01-01T00:01:00Z",
      message: { text: "go", origin: { kind: "user" } },
    });
    host.act(chat, { type: "chat/responsePart", turnId: "t2", part: { kind: "markdown", id: "p", content: "" } });
    for (const content of ["a", "b", "c"]) host.act(chat, { type: "chat/delta", turnId: "t2", partId: "p", content });
    await clock.advance(100);
    expect(page.chat.value).toEqual(host.state(chat));
    expect(
      items()
        .slice(before)
        .every(({ type }) => type === "actions"),
    ).toBe(true);
  });

  it("tells what it shows of the fleet plane as a whole, without what it does not show", async () => {
    const { ask, page, host, clock, items } = await aPanel();
    await ask("ready");
    const before = items().length;
    host.act(fleet, { type: "x-fleet/egressRefused", server: "a.example", count: 1, at: "2026-01-01T00:00:00Z" });
    host.act(fleet, { type: "x-fleet/phaseChanged", phase: "provisioning", stage: "Fetching 43 %" });
    await clock.advance(100);
    expect(page.fleet.value).toMatchObject({ phase: "provisioning", stage: "Fetching 43 %", isolation: "none" });
    const told = items().slice(before);
    expect(told.filter((item) => item.type === "actions" && item.uri === fleet)).toEqual([]);
    expect(JSON.stringify(told)).not.toContain("refused");
  });

  it("tells the page when the agent lacks an account and when it has one, and signs in when asked", async () => {
    const { ask, page, clock, asked, signIn } = await aPanel();
    await ask("ready");
    expect(page.facts.value?.needsSignIn).toBe(false);
    signIn.needed = true;
    signIn.changed.fire();
    await clock.advance(100);
    expect(page.facts.value?.needsSignIn).toBe(true);
    await ask("signIn");
    expect(asked).toEqual([["signIn", { hostId: "a", session }]]);
    signIn.needed = false;
    signIn.changed.fire();
    await clock.advance(100);
    expect(page.facts.value?.needsSignIn).toBe(false);
  });

  it("shows a host without the fleet plane the changeset that its session names, and the next when that goes", async () => {
    const entry = (kind: string) => ({
      changeKind: kind,
      label: `${kind} changes`,
      uriTemplate: `${session}/changeset/${kind}`,
    });
    const { ask, page, host, clock } = await aPanel((host) => {
      host.fleet = false;
      host.put(`${session}/changeset/session`, { status: "ready", files: [{ id: "s", edit: {} }] });
    });
    await ask("ready");
    expect(page.facts.value).toMatchObject({ canShip: false, changes: undefined });
    expect([page.changeset.value, page.fleet.value]).toEqual([undefined, undefined]);
    host.act(session, { type: "session/changesetsChanged", changesets: [entry("session")] });
    await clock.advance(1000);
    expect(page.facts.value?.changes).toEqual({ label: "session changes", description: undefined });
    expect(page.changeset.value?.files.map(({ id }) => id)).toEqual(["s"]);
    host.act(session, { type: "session/changesetsChanged", changesets: [entry("session"), entry("branch")] });
    await clock.advance(1000);
    expect(page.facts.value?.changes?.label).toBe("branch changes");
    expect(page.changeset.value?.files.map(({ id }) => id)).toEqual(["f1"]);
  });

  it("catches up by snapshot after the page was hidden", async () => {
    const { ask, page, host, clock, bridge, posted } = await aPanel();
    await ask("ready");
    bridge.pause();
    const before = posted.length;
    host.act(session, { type: "session/titleChanged", title: "Another title" });
    await clock.advance(1000);
    expect(posted.length).toBe(before);
    await ask("ready");
    expect(page.session.value?.title).toBe("Another title");
  });

  it("drops messages that are not of this page or of no known shape", async () => {
    const { bridge, clock, posted } = await aPanel();
    for (const message of [
      null,
      "ready",
      { kind: "request", id: 1, method: "ready", params: {} },
      { nonce: "other", kind: "request", id: 1, method: "ready", params: {} },
      { nonce: "n", kind: "request", id: 1, method: "executeCommand", params: {} },
      { nonce: "n", kind: "request", id: 1, method: "constructor", params: {} },
    ]) {
      bridge.receive(message);
    }
    await clock.advance(1000);
    expect(posted).toEqual([]);
  });

  it("answers parameters of a wrong shape with a sentence", async () => {
    const { ask } = await aPanel();
    await expect(ask("sendPrompt", { text: "" })).rejects.toThrow(/\.$/);
    await expect(ask("approve", { turnId: 1 })).rejects.toThrow(/\.$/);
  });

  it("starts a turn with a prompt, and queues it while one runs", async () => {
    const { ask, host, page } = await aPanel();
    await ask("ready");
    await ask("sendPrompt", { text: "First" });
    expect(page.chat.value?.activeTurn?.message.text).toBe("First");
    await ask("sendPrompt", { text: "Second" });
    expect(page.chat.value?.queuedMessages?.map(({ message }) => message.text)).toEqual(["Second"]);
    expect(page.chat.value).toEqual(host.state(chat));
  });

  it("refuses to act without a connection, in a sentence, and says how it stands", async () => {
    const { ask, page, host, clock } = await aPanel();
    await ask("ready");
    host.isSilent = true;
    host.dropAll();
    await clock.advance(40);
    expect(page.facts.value?.connection).not.toBe("live");
    await expect(ask("sendPrompt", { text: "x" })).rejects.toThrow("What you typed is kept");
    expect(page.chat.value?.turns).toHaveLength(1);
  });

  it("answers exactly the call that was shown, and no option of the other kind", async () => {
    const { ask, host } = await aPanel((host) =>
      host.put(chat, aChat({ activeTurn: anActiveTurn("t2", [toolPart(pendingCall('{"command":"rm -rf dist"}'))]) })),
    );
    await ask("ready");
    await expect(ask("approve", { turnId: "t2", toolCallId: "another" })).rejects.toThrow("waits no more");
    await expect(ask("approve", { turnId: "t1", toolCallId: "call-1" })).rejects.toThrow("waits no more");
    await expect(ask("approve", { turnId: "t2", toolCallId: "call-1", optionId: "never" })).rejects.toThrow(
      "does not offer",
    );
    await ask("approve", { turnId: "t2", toolCallId: "call-1", optionId: "once" });
    expect(host.log.at(-1)?.action).toEqual({
      type: "chat/toolCallConfirmed",
      turnId: "t2",
      toolCallId: "call-1",
      selectedOptionId: "once",
      approved: true,
      confirmed: "user-action",
    });
    await expect(ask("deny", { turnId: "t2", toolCallId: "call-1" })).rejects.toThrow("waits no more");
  });

  it("denies with the person's note", async () => {
    const { ask, host } = await aPanel((host) =>
      host.put(chat, aChat({ activeTurn: anActiveTurn("t2", [toolPart(pendingCall("rm"))]) })),
    );
    await ask("ready");
    await ask("deny", { turnId: "t2", toolCallId: "call-1", note: "Use git clean" });
    expect(host.log.at(-1)?.action).toMatchObject({
      approved: false,
      reason: "denied",
      userSuggestion: "Use git clean",
    });
  });

  it("follows a log only while somebody looks at it, and only of a terminal that the conversation names", async () => {
    const { ask, host, clock, items } = await aPanel();
    await ask("ready");
    const other = "ahp-terminal:/other/x";
    await expect(ask("followLog", { log: other })).rejects.toThrow("not one of");
    expect(host.heard.some(({ method, params }) => method === "subscribe" && params["channel"] === other)).toBe(false);
    await ask("followLog", { log: terminal });
    expect(items().at(-1)).toMatchObject({ type: "log", log: terminal, rows: 1 });
    host.act(terminal, { type: "terminal/data", data: "more\n" });
    await clock.advance(100);
    expect(items().at(-1)).toMatchObject({ rows: 2, splices: [{ at: 1, removed: 0, added: 1 }] });
    const line = (number: number, text: string) => ({ kind: "line", number, spans: [{ text, style: {} }] });
    expect(await ask("readLog", { log: terminal, from: 0, to: 10 })).toMatchObject({
      rows: [line(1, "ok"), line(2, "more")],
    });
    await ask("leaveLog", { log: terminal });
    const before = items().length;
    host.act(terminal, { type: "terminal/data", data: "unseen\n" });
    await clock.advance(100);
    expect(items().slice(before)).toEqual([]);
  });

  it("sends the later turns of a long conversation first, and older ones on request", async () => {
    const long = "x".repeat(90_000);
    const turns = ["1", "2", "3", "4", "5"].map((id) => aTurn(id, [markdown(long)]));
    const { ask, page, host } = await aPanel((host) => host.put(chat, aChat({ turns })));
    await ask("ready");
    const ids = () => page.chat.value?.turns.map(({ id }) => id);
    expect(ids()).toEqual(["4", "5"]);
    expect(page.facts.value?.hasOlder).toBe(true);
    expect(await ask("loadOlder")).toEqual({ hasMore: true });
    expect(await ask("loadOlder")).toEqual({ hasMore: false });
    expect(ids()).toEqual(["1", "2", "3", "4", "5"]);
    expect(page.chat.value).toEqual(host.state(chat));
    expect(page.facts.value?.hasOlder).toBe(false);
  });

  it("opens diffs by the file's own path and links by https only", async () => {
    const { ask, asked } = await aPanel();
    await ask("ready");
    await ask("openDiff", { fileId: "f1" });
    await expect(ask("openDiff", { fileId: "../../etc/passwd" })).rejects.toThrow("not among");
    await ask("openLink", { url: "https://example.com/a?b#c" });
    for (const url of [
      "command:x",
      "file:///etc/passwd",
      "http://example.com",
      "https://user@example.com",
      "https://a\\b",
      "vscode://x",
    ]) {
      await expect(ask("openLink", { url })).rejects.toThrow("Only https");
    }
    expect(asked).toEqual([
      ["openFileDiff", { hostId: "a", session }, "src/a.ts"],
      ["openExternal", "https://example.com/a?b#c"],
    ]);
  });

  it("opens the log of a named terminal as a document", async () => {
    const { ask, asked } = await aPanel();
    await ask("ready");
    await ask("openLog", { terminal });
    await expect(ask("openLog", { terminal: "ahp-terminal:/other/x" })).rejects.toThrow("not one of");
    expect(asked).toEqual([["openText", "npm test", "ok\n"]]);
  });

  it("CON-1: opens what was printed as text, or with every control spelled out", async () => {
    const value = "\u001b]52;c;eA==\u0007\u001b[31mred\u001b[0m 10%\r20%\r\nsafe\u202e\n";
    const { ask, asked } = await aPanel((host) =>
      host.put(terminal, {
        title: "",
        content: [{ type: "unclassified", value }],
        claim: { kind: "session", session },
      }),
    );
    await ask("ready");
    await ask("openLog", { terminal });
    await ask("openLog", { terminal, isRaw: true });
    const raw = "‹U+001B›]52;c;eA==‹U+0007›‹U+001B›[31mred‹U+001B›[0m 10%‹U+000D›20%\nsafe‹U+202E›\n";
    expect(asked.map(([, , text]) => text)).toEqual(["20% 10%\nsafe‹U+202E›\n", raw]);
  });

  it("shows a panel whose host is not there yet, and fills it when it comes", async () => {
    const { ask, page, host, clock } = await aPanel((host) => {
      host.isSilent = true;
    });
    await ask("ready");
    expect(page.facts.value?.connection).toBe("connecting");
    expect(page.chat.value).toBeUndefined();
    host.isSilent = false;
    host.dropAll();
    await clock.advance(60_000);
    expect(page.facts.value?.connection).toBe("live");
    expect(page.chat.value?.turns).toHaveLength(1);
  });

  it("says that a session is gone", async () => {
    const { ask, page } = await aPanel((host) => host.channels.delete(session));
    await ask("ready");
    expect(page.facts.value?.problem).toMatch(/\.$/);
  });

  it("lets go of everything when disposed", async () => {
    const { ask, source, bridge, clock, posted, host } = await aPanel();
    await ask("ready");
    bridge.dispose();
    source.dispose();
    const before = posted.length;
    host.act(session, { type: "session/titleChanged", title: "Late" });
    await clock.advance(1000);
    expect(posted.length).toBe(before);
  });
});
