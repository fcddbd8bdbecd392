import { mkdtempSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { type TerminalPlace, Terminals } from "../../../../src/host/terminals/terminals.ts";
import { makeIsolation } from "../../../../src/host/isolation/isolation.ts";
import type { ParamsOf } from "../../../../src/protocol/methods.ts";
import { ROOT_URI } from "../../../../src/protocol/uris.ts";
import { FakeClock, settle } from "../../../support/fakeClock.ts";
import { FakePtySpawner } from "../../../support/fakePty.ts";
import { memoryDisk, MemoryLog } from "../../../support/memoryLog.ts";

let directory: string;
let place: TerminalPlace;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "muster-terminals-"));
  place = {
    sessionId: "session1",
    session: "ahp-session:/session1",
    root: path.join(directory, "workspace"),
    home: path.join(directory, "home"),
  };
  for (const name of ["workspace/src", "home", "elsewhere"]) mkdirSync(path.join(directory, name), { recursive: true });
  symlinkSync(path.join(directory, "elsewhere"), path.join(directory, "workspace/out"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const uri = (id: string) => `ahp-terminal:/session1/${id}`;
const claim = { kind: "session", session: "ahp-session:/session1" } as const;
const origin = { principal: "owner", clientId: "me", clientSeq: 1 };

async function start(disk = memoryDisk()) {
  const clock = new FakeClock();
  const log = new MemoryLog(clock, disk);
  const channels = new Channels({ log, logger: silentLogger });
  if (!(await channels.load(ROOT_URI))) channels.create(ROOT_URI, "root", { agents: [] });
  const spawner = new FakePtySpawner();
  const terminals = new Terminals({
    channels,
    clock,
    logger: silentLogger,
    isolation: makeIsolation("none", { dataDir: directory, hidden: [], path: "", clock }),
    spawner,
    env: { PATH: "/usr/bin:/bin", SHELL: "/usr/sbin/nologin", ANTHROPIC_API_KEY: "hunter2" },
    backlogOf: () => 0,
    epoch: "epoch",
  });
  const open = (id: string, more: Partial<ParamsOf<"createTerminal">> = {}) =>
    terminals.create({ channel: uri(id), claim, ...more }, place, "me");
  const listed = () => channels.state("root", ROOT_URI)?.terminals ?? [];
  const follow = async (id: string, action: Parameters<typeof channels.dispatch>[1]) => {
    const outcome = channels.dispatch(uri(id), action, { ...origin, clientSeq: ++origin.clientSeq });
    await log.flush();
    return outcome;
  };
  return { disk, clock, log, channels, spawner, terminals, open, listed, follow };
}

describe("opening a terminal", () => {
  it("starts a shell in the workspace and lists it", async () => {
    const { open, spawner, channels, listed } = await start();
    await open("a", { name: "Tests", cols: 100, rows: 30 });
    const { plan, cols, rows } = spawner.last.request;
    expect(plan.file).toMatch(/\/(bash|sh)$/);
    expect(plan.cwd).toBe(place.root);
    expect({ cols, rows }).toEqual({ cols: 100, rows: 30 });
    expect(channels.state("terminal", uri("a"))).toEqual({
      title: "Tests",
      cwd: pathToFileURL(place.root).href,
      cols: 100,
      rows: 30,
      content: [],
      lifecycle: { status: "running" },
      claim,
      isPty: true,
    });
    const _meta = { muster: { session: place.session } };
    expect(listed()).toEqual([{ resource: uri("a"), title: "Tests", claim, lifecycle: { status: "running" }, _meta }]);
  });

  it("gives it nothing of the host's environment but where programs are", async () => {
    const { open, spawner } = await start();
    await open("a");
    expect(spawner.last.request.plan.env).toEqual({
      PATH: "/usr/bin:/bin",
      HOME: place.home,
      TMPDIR: path.join(place.home, "tmp"),
      LANG: "C.UTF-8",
      SHELL: spawner.last.request.plan.file,
      TERM: "xterm-256color",
      COLORTERM: "truecolor",
    });
  });

  it("takes VS Code's form: an address of its own, its own claim, a directory", async () => {
    const { terminals, spawner, channels } = await start();
    const channel = "agenthost-terminal:/7";
    const cwd = pathToFileURL(path.join(place.root, "src")).href;
    await terminals.create({ channel, claim: { kind: "client", clientId: "me" }, cwd }, place, "me");
    expect(spawner.last.request.plan.cwd).toBe(path.join(place.root, "src"));
    expect(channels.state("terminal", channel)).toMatchObject({ claim: { kind: "client", clientId: "me" }, cwd });
  });

  it.each<[string, Partial<ParamsOf<"createTerminal">>]>([
    ["another session's address", { channel: "ahp-terminal:/session2/a" }],
    ["an address of another kind", { channel: "ahp-session:/session1" }],
    ["an endless address", { channel: `ahp-terminal:/session1/${"a".repeat(500)}` }],
    ["no columns", { cols: 0 }],
    ["too many rows", { rows: 5_000 }],
    ["somebody else's claim", { claim: { kind: "client", clientId: "you" } }],
    ["a directory outside", { cwd: "file:///etc" }],
    ["a directory that is not there", { cwd: "file:///nowhere" }],
    ["a directory that climbs out", { cwd: "x-fleet-file:/session1/../elsewhere" }],
    ["an unreadable directory", { cwd: "x-fleet-file:/session1/%zz" }],
    ["a directory of another machine", { cwd: "vscode-remote://box/work" }],
  ])("is refused with %s", async (_name, params) => {
    const { open, spawner, listed } = await start();
    await expect(open("a", params)).rejects.toMatchObject({ code: "request.invalid" });
    expect(spawner.ptys).toEqual([]);
    expect(listed()).toEqual([]);
  });

  it("is refused in a directory to which a link leads out of the workspace", async () => {
    const { open } = await start();
    const cwd = pathToFileURL(path.join(place.root, "out")).href;
    await expect(open("a", { cwd })).rejects.toMatchObject({ code: "request.invalid" });
  });

  it("is refused where there are no pseudo-terminals, and leaves nothing behind", async () => {
    const { open, spawner, channels, listed } = await start();
    spawner.failure = new AppError("permission.denied", "This host can open no terminals: none.");
    await expect(open("a")).rejects.toThrow("This host can open no terminals");
    expect(channels.isLoaded(uri("a"))).toBe(false);
    expect(listed()).toEqual([]);
    spawner.failure = undefined;
    await open("a");
  });

  it("is refused twice under one address, at the same time and later", async () => {
    const { open, spawner } = await start();
    const both = await Promise.allSettled([open("a"), open("a")]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await expect(open("a")).rejects.toThrow("exists already");
    expect(spawner.ptys).toHaveLength(1);
  });

  it("is limited: a session that has twenty loses the oldest that has ended, and is refused when all run", async () => {
    const { open, spawner, listed } = await start();
    for (let each = 0; each < 20; each += 1) await open(`t${each}`);
    await expect(open("more")).rejects.toMatchObject({ code: "limit.exceeded" });
    spawner.ptys[3]?.exit(0);
    await open("more");
    expect(listed().map((info) => info.resource)).not.toContain(uri("t3"));
    expect(listed()).toHaveLength(20);
  });
});

describe("a terminal that is open", () => {
  it("gets keys and size when they are durable, from whoever may", async () => {
    const { open, spawner, channels, log, follow } = await start();
    await open("a");
    channels.dispatch(uri("a"), { type: "terminal/input", data: "ls\r" }, { ...origin, clientSeq: 99 });
    expect(spawner.last.written).toEqual([]);
    await log.flush();
    expect(spawner.last.written).toEqual(["ls\r"]);
    await follow("a", { type: "terminal/resized", cols: 120, rows: 40 });
    await follow("a", { type: "terminal/resized", cols: 0, rows: 40 });
    expect(spawner.last.sizes).toEqual([{ cols: 120, rows: 40 }]);
  });

  it("is refused keys once its shell has ended", async () => {
    const { open, spawner, follow, clock, listed } = await start();
    await open("a");
    spawner.last.exit(2);
    expect((await follow("a", { type: "terminal/input", data: "x" })).refused).toMatch(/has ended/);
    expect(spawner.last.written).toEqual([]);
    await clock.advance(200);
    expect(listed()).toMatchObject([{ lifecycle: { status: "exited", exitCode: 2 } }]);
  });

  it("shows its name and claim in the list", async () => {
    const { open, follow, clock, listed } = await start();
    await open("a");
    await follow("a", { type: "terminal/titleChanged", title: "Server" });
    await follow("a", { type: "terminal/claimed", claim: { kind: "client", clientId: "me" } });
    await clock.advance(200);
    expect(listed()).toMatchObject([{ title: "Server", claim: { kind: "client", clientId: "me" } }]);
  });

  it("is gone when it is disposed of", async () => {
    const { open, spawner, terminals, channels, listed } = await start();
    await open("a");
    await terminals.remove(uri("a"));
    expect(spawner.last.isEnded).toBe(true);
    expect(channels.isLoaded(uri("a"))).toBe(false);
    expect(listed()).toEqual([]);
    await expect(terminals.remove(uri("a"))).rejects.toThrow("no such terminal");
  });

  it("goes with its session, also one that is just being opened", async () => {
    const { open, terminals, listed, spawner } = await start();
    await open("a");
    const opening = open("b");
    await terminals.removeOf(place.session);
    await opening;
    expect(listed()).toEqual([]);
    expect(spawner.ptys.map((pty) => pty.isEnded)).toEqual([true, true]);
  });

  it("says that it has ended when the host stops, and nothing opens any more", async () => {
    const { open, terminals, channels, listed } = await start();
    await open("a");
    await terminals.stop();
    expect(channels.state("terminal", uri("a"))?.lifecycle?.status).toBe("exited");
    expect(listed()).toMatchObject([{ lifecycle: { status: "exited" } }]);
    await expect(open("b")).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("terminals after a crash of the host", () => {
  async function crashed() {
    const first = await start();
    await first.open("a");
    first.spawner.last.print("half a li");
    await first.log.flush();
    first.log.dispose();
    return await start(first.disk);
  }

  it("say that they have ended, and keep what they showed", async () => {
    const { terminals, channels, listed, open } = await crashed();
    await terminals.restore(() => true);
    expect(channels.state("terminal", uri("a"))).toMatchObject({
      lifecycle: { status: "exited" },
      content: [{ value: "half a li" }],
    });
    expect(listed()).toMatchObject([{ resource: uri("a"), lifecycle: { status: "exited" } }]);
    await expect(open("a")).rejects.toThrow("exists already");
    await terminals.remove(uri("a"));
    await settle();
    expect(listed()).toEqual([]);
  });

  it("go with a session that is gone", async () => {
    const { terminals, channels, listed } = await crashed();
    await terminals.restore(() => false);
    expect(channels.isLoaded(uri("a"))).toBe(false);
    expect(listed()).toEqual([]);
  });
});
