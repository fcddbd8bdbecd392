import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { hasBubblewrap } from "./isolationFixture.ts";
import {
  countRunning,
  isRunning,
  openFiles,
  peakMemory,
  session,
  sessionId,
  TerminalFixture,
  textOf,
} from "./terminalFixture.ts";

/** Resolves once `isSo`, looking whenever `listen` says so. */
function until(listen: (listener: () => void) => { dispose(): void }, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (isSo()) return resolve();
    const listening = listen(() => {
      if (!isSo()) return;
      listening.dispose();
      resolve();
    });
  });
}

describe("terminals of a real host", () => {
  let fixture: TerminalFixture;
  beforeAll(async () => {
    fixture = await TerminalFixture.start();
  });
  afterAll(() => fixture?.dispose());

  it("open in the session's workspace, with nothing of the host's environment", async () => {
    const terminal = await fixture.open();
    expect(await terminal.run("pwd")).toBe(`${fixture.dataDirectory}/sessions/${sessionId}/workspace\r\n`);
    const environment = await terminal.run("env -u _ | cut -d= -f1 | sort | tr '\\n' ' '");
    const own = environment.trim().split(" ");
    const expected = "COLORTERM HOME LANG MUSTER_AGENT_PROCESS PATH PWD SHELL SHLVL TERM TMPDIR".split(" ");
    expect(own.filter((name) => !["OLDPWD", "DEBIAN_FRONTEND"].includes(name))).toEqual(expected);
    expect(await terminal.run("git status --short --branch | head -1")).toMatch(/^## agent\//);
  });

  it("tell 100,000 lines to a client that is cut off again and again, none lost and none twice", async () => {
    const terminal = await fixture.open();
    const { client, cut } = fixture.client("reader");
    const handle = client.subscribe("terminal", terminal.uri);
    await handle.ready;
    for (let last = 25_000; last <= 100_000; last += 25_000) {
      const before = textOf(handle.state).length;
      terminal.type(`seq ${last - 24_999} ${last}; echo E''ND${last}\r`);
      await until(handle.onDidChange, () => textOf(handle.state).length > before + 30_000);
      cut();
      await until(client.onDidChangeState, () => client.state.kind !== "live");
      await until(handle.onDidChange, () => textOf(handle.state).includes(`END${last}\r\n`));
    }
    const lines = textOf(handle.state)
      .split("\r\n")
      .flatMap((line) => /(?:^|\r)(\d+)$/.exec(line)?.[1] ?? []);
    expect(lines).toEqual(Array.from({ length: 100_000 }, (_, index) => String(index + 1)));
    await terminal.until((state) => textOf(state).endsWith(textOf(handle.state).slice(-200)));
    expect(handle.state).toEqual(terminal.state);
  });

  it("show the same to two people, whoever types", async () => {
    const terminal = await fixture.open();
    const { client } = fixture.client("second");
    const handle = client.subscribe("terminal", terminal.uri);
    await handle.ready;
    await terminal.run("echo from the first");
    await client.dispatch(terminal.uri, { type: "terminal/input", data: "echo from the sec''ond\r" });
    await terminal.until((state) => textOf(state).includes("from the second\r\n"));
    await until(handle.onDidChange, () => textOf(handle.state).includes("from the second\r\n"));
    await terminal.run("true");
    await until(handle.onDidChange, () => textOf(handle.state) === textOf(terminal.state));
  });

  it("have the size that a client gives them", async () => {
    const terminal = await fixture.open({ cols: 91, rows: 17 });
    expect(await terminal.run("stty size")).toBe("17 91\r\n");
    await fixture.wire.dispatched(terminal.uri, { type: "terminal/resized", cols: 133, rows: 44 });
    expect(await terminal.run("stty size")).toBe("44 133\r\n");
    const refused = await fixture.wire.dispatched(terminal.uri, { type: "terminal/resized", cols: 0, rows: 44 });
    expect(refused.rejectionReason).toMatch(/1 to 1000/);
  });

  it("run full-screen programs and jobs: keys become signals", async () => {
    const terminal = await fixture.open();
    // The shell shows a line before it runs it: what is typed meanwhile is for the shell.
    terminal.type("sh -c 'echo be\"\"gun; exec sleep 1000'\r");
    await terminal.until((state) => textOf(state).includes("begun\r\n"));
    terminal.type("\x03");
    expect(await terminal.run("echo after")).toContain("after\r\n");
    expect(await terminal.run("tput cols")).toBe("100\r\n");
  });

  it("say with which code their shell ended, and take no more keys", async () => {
    const terminal = await fixture.open();
    terminal.type("exit 7\r");
    await terminal.until((state) => state.lifecycle?.status === "exited");
    expect(terminal.state.lifecycle).toEqual({ status: "exited", exitCode: 7 });
    const refused = await fixture.wire.dispatched(terminal.uri, { type: "terminal/input", data: "x" });
    expect(refused.rejectionReason).toMatch(/has ended/);
    const isListed = () =>
      fixture.wire.state("root", ROOT_URI).terminals?.find((info) => info.resource === terminal.uri)?.lifecycle;
    await fixture.wire.until(() => isListed()?.status === "exited");
  });

  it("tell the last words of a shell that ends in the middle of a flood", async () => {
    const terminal = await fixture.open();
    terminal.type("exec sh -c 'seq 1 50000; echo last words'\r");
    await terminal.until((state) => state.lifecycle?.status === "exited");
    expect(textOf(terminal.state).endsWith("49999\r\n50000\r\nlast words\r\n")).toBe(true);
  });

  it("leave no process behind when they are disposed of", async () => {
    const terminal = await fixture.open();
    const script =
      "sleep 1001 & echo $!; (trap '' HUP; setsid sh -c 'trap \"\" HUP TERM; echo $$; sleep 1002' &); sleep 0.2";
    const pids = (await terminal.run(script)).match(/^\d+(?=\r$)/gm)?.map(Number) ?? [];
    expect(pids).toHaveLength(2);
    expect(pids.map(isRunning)).toEqual([true, true]);
    await fixture.wire.request("disposeTerminal", { channel: terminal.uri });
    expect(pids.map(isRunning)).toEqual([false, false]);
    expect((await fixture.wire.refusal("subscribe", { channel: terminal.uri })).code).toBe(-32001);
    expect((await fixture.wire.refusal("disposeTerminal", { channel: terminal.uri })).code).toBe(-32001);
  });

  it("keep what is typed out of the log, a password for example", async () => {
    const terminal = await fixture.open();
    terminal.type("stty -echo; echo no ec''ho; read -r secret; stty echo\r");
    await terminal.until((state) => textOf(state).includes("no echo\r\n"));
    await fixture.wire.dispatched(terminal.uri, { type: "terminal/input", data: "correct horse battery\r" });
    expect(await terminal.run("echo ${#secret}")).toContain("21\r\n");
    for (const name of ["log.db", "log.db-wal"]) {
      const file = path.join(fixture.dataDirectory, name);
      if (existsSync(file)) expect(readFileSync(file).includes("correct horse")).toBe(false);
    }
  });

  it("are out of the reach of what the host starts later", async () => {
    await fixture.open();
    expect(openFiles(fixture.host.pid).filter((file) => file.includes("ptmx"))).toEqual([]);
  });

  it("open as VS Code asks for them: by directory, under its own address", async () => {
    const root = `${fixture.dataDirectory}/sessions/${sessionId}/workspace`;
    const terminal = await fixture.open({
      channel: "agenthost-terminal:/1",
      claim: { kind: "client", clientId: fixture.wire.clientId },
      cwd: pathToFileURL(root).href,
    });
    expect(await terminal.run("pwd")).toBe(`${root}\r\n`);
    const elsewhere = { channel: "agenthost-terminal:/2", claim: { kind: "client", clientId: fixture.wire.clientId } };
    expect((await fixture.wire.refusal("createTerminal", { ...elsewhere, cwd: "file:///etc" })).message).toMatch(
      /Say which agent's/,
    );
    const foreign = { ...elsewhere, claim: { kind: "session", session: "ahp-session:/nobody-here-0000" } };
    expect((await fixture.wire.refusal("createTerminal", foreign)).code).toBe(-32001);
  });

  it("neither fill the memory nor hold up others when a program floods them", async () => {
    const terminal = await fixture.open();
    terminal.type("timeout 4 yes 0123456789012345678901234567890123456789; echo; echo E''ND\r");
    await terminal.until((state) => textOf(state).length > 1_000_000);
    const answers: number[] = [];
    for (let asked = 0; asked < 10; asked += 1) {
      const at = performance.now();
      await fixture.wire.request("listSessions", { channel: ROOT_URI });
      answers.push(performance.now() - at);
    }
    expect(answers.toSorted((a, b) => a - b)[5]).toBeLessThan(500);
    await terminal.until((state) => textOf(state).includes("END\r\n"));
    expect(textOf(terminal.state)).toContain("[earlier output was left out]");
    expect(textOf(terminal.state).length).toBeLessThan(4.2 * 1024 * 1024);
    expect(peakMemory(fixture.host.pid)).toBeLessThan(700 * 1024 * 1024);
  });

  it("say after a crash of the host that they have ended, and nothing of them runs", async () => {
    const terminal = await fixture.open();
    const script = "echo $$; (trap '' HUP; setsid sh -c 'trap \"\" HUP TERM; echo $$; sleep 1003' &); sleep 0.2";
    const pids = (await terminal.run(script)).match(/^\d+(?=\r$)/gm)?.map(Number) ?? [];
    expect(pids.map(isRunning)).toEqual([true, true]);
    await fixture.killAndRestart();
    const state = await fixture.wire.subscribe("terminal", terminal.uri);
    expect(state.lifecycle).toEqual({ status: "exited" });
    expect(textOf(state)).toContain(String(pids[0]));
    const listed = fixture.wire.state("root", ROOT_URI).terminals ?? [];
    expect(listed.find((info) => info.resource === terminal.uri)).toMatchObject({ lifecycle: { status: "exited" } });
    expect(listed.every((info) => info.lifecycle?.status === "exited")).toBe(true);
    await expect.poll(() => pids.map(isRunning)).toEqual([false, false]);
  });

  it("go with their session", async () => {
    const terminal = await fixture.open();
    const pid = Number(/^\d+/m.exec(await terminal.run("echo $$"))?.[0]);
    expect(isRunning(pid)).toBe(true);
    await fixture.wire.request("disposeSession", { channel: session });
    expect(isRunning(pid)).toBe(false);
    expect((await fixture.wire.refusal("subscribe", { channel: terminal.uri })).code).toBe(-32001);
    await fixture.wire.until(() => fixture.wire.state("root", ROOT_URI).terminals?.length === 0);
  });
});

describe.skipIf(!hasBubblewrap)("terminals of a host that isolates", () => {
  let fixture: TerminalFixture;
  beforeAll(async () => {
    fixture = await TerminalFixture.start({ isolation: "bubblewrap" });
  });
  afterAll(() => fixture?.dispose());

  it("are inside what their agent is inside: no other session, no home of the host's account, no host process", async () => {
    const terminal = await fixture.open();
    expect(await terminal.run(`ls -A ${fixture.dataDirectory}`)).toBe("sessions\r\n");
    expect(await terminal.run("ls -A ~root /root 2>/dev/null | grep -c ssh; cat /proc/1/comm")).toBe("0\r\nbwrap\r\n");
    expect(await terminal.run(`test -w ${fixture.dataDirectory}/sessions/${sessionId}/home && echo own home`)).toBe(
      "own home\r\n",
    );
    expect(await terminal.run("touch /usr/local/made 2>/dev/null || echo cannot")).toBe("cannot\r\n");
    expect(await terminal.run("ps -e --no-headers | wc -l | xargs test 12 -gt && echo few")).toBe("few\r\n");
  });

  it("have working job control and size", async () => {
    const terminal = await fixture.open();
    expect(textOf(terminal.state)).not.toMatch(/no job control|cannot set terminal/);
    // The shell shows a line before it runs it: what is typed meanwhile is for the shell.
    terminal.type("sh -c 'echo be\"\"gun; exec sleep 1000'\r");
    await terminal.until((state) => textOf(state).includes("begun\r\n"));
    terminal.type("\x03");
    expect(await terminal.run("stty size")).toContain("30 100\r\n");
    terminal.type("exit 5\r");
    await terminal.until((state) => state.lifecycle?.status === "exited");
    expect(terminal.state.lifecycle).toEqual({ status: "exited", exitCode: 5 });
  });

  it("end with everything in them", async () => {
    const terminal = await fixture.open();
    await terminal.run("(setsid sh -c 'trap \"\" HUP TERM; sleep 10047; true' &); sleep 0.2");
    expect(countRunning("sleep", "10047")).toBe(1);
    await fixture.wire.request("disposeTerminal", { channel: terminal.uri });
    expect(countRunning("sleep", "10047")).toBe(0);
  });
});
