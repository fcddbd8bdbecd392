import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import type { TerminalState } from "../../../../src/protocol/terminal.ts";
import { newTerminal, openTerminal } from "../../../../src/extension/terminals/newTerminal.ts";
import { RemoteTerminal } from "../../../../src/extension/terminals/remoteTerminal.ts";
import { chat, session, aSession } from "../../../support/aChat.ts";
import { ClientOnFakeHost } from "../../../support/clientOnFakeHost.ts";
import { settle } from "../../../support/fakeClock.ts";

const uri = "ahp-terminal:/t1";
const shell: TerminalState = {
  title: "bash",
  cols: 80,
  rows: 24,
  content: [
    { type: "unclassified", value: "$ pwd\r\n" },
    { type: "command", commandId: "1", commandLine: "pwd", output: "/code\r\n", timestamp: 0, isComplete: true },
  ],
  lifecycle: { status: "running" },
  claim: { kind: "session", session },
  isPty: true,
};
const command: TerminalState = { ...shell, isPty: false, content: [{ type: "unclassified", value: "one\ntwo\r\n" }] };
const size = { cols: 80, rows: 24 };

/** A terminal that is looked at, with all that was written on the screen. */
async function aTerminal(state: TerminalState | null = shell, at = size) {
  const own = new ClientOnFakeHost();
  const { host, client, clock } = own;
  if (state !== null) host.put(uri, state);
  await own.live();
  const terminal = new RemoteTerminal({ client, uri, logger: silentLogger });
  let screen = "";
  const names: string[] = [];
  const ends: (number | undefined)[] = [];
  terminal.onWrite((text) => (screen += text));
  terminal.onName((name) => names.push(name));
  terminal.onEnd((code) => ends.push(code));
  terminal.open(at);
  await settle();
  const sent = () =>
    host.heard.filter(({ method }) => method === "dispatchAction").map(({ params }) => params["action"]);
  return { host, client, clock, terminal, sent, names, ends, screen: () => screen };
}

describe("a terminal of a host", () => {
  it("shows what is there and follows it, byte for byte", async () => {
    const { host, screen, names } = await aTerminal();
    expect(screen()).toBe("$ pwd\r\n/code\r\n");
    host.act(uri, { type: "terminal/data", data: "\u001b[31mred" });
    host.act(uri, { type: "terminal/commandExecuted", commandId: "2", commandLine: "x", timestamp: 0 });
    host.act(uri, { type: "terminal/data", data: "\u001b]0;title\u0007!" });
    host.act(uri, { type: "terminal/titleChanged", title: "vim" });
    await settle();
    expect(screen()).toBe("$ pwd\r\n/code\r\n\u001b[31mred!");
    expect(names).toEqual(["bash", "vim"]);
  });

  it("sends keys and the size of the window, and no size that the host has already", async () => {
    const { terminal, sent } = await aTerminal();
    terminal.input("ls\r");
    terminal.resize({ cols: 80, rows: 24 });
    terminal.resize({ cols: 100, rows: 30 });
    await settle();
    expect(sent()).toEqual([
      { type: "terminal/input", data: "ls\r" },
      { type: "terminal/resized", cols: 100, rows: 30 },
    ]);
  });

  it("tells its size at once where the host has another", async () => {
    const { sent } = await aTerminal(shell, { cols: 120, rows: 40 });
    expect(sent()).toEqual([{ type: "terminal/resized", cols: 120, rows: 40 }]);
  });

  it("ends with the shell's exit code", async () => {
    const { host, ends, terminal, sent } = await aTerminal();
    host.act(uri, { type: "terminal/exited", exitCode: 3 });
    await settle();
    expect(ends).toEqual([3]);
    terminal.input("x");
    expect(sent()).toEqual([]);
  });

  it("lets the output of a shell that has ended be read", async () => {
    const { screen, ends } = await aTerminal({ ...shell, lifecycle: { status: "exited", exitCode: 3 } });
    expect(screen()).toContain("/code");
    expect(screen()).toContain("The shell has ended with 3.");
    expect(ends).toEqual([]);
  });

  it("shows the output of an agent's command without taking input, and stays when it ends", async () => {
    const { host, screen, terminal, sent, ends } = await aTerminal(command, { cols: 10, rows: 5 });
    expect(screen()).toContain("It takes no input");
    expect(screen()).toContain("one\r\ntwo\r\n");
    terminal.input("x");
    host.act(uri, { type: "terminal/data", data: "three\n" });
    host.act(uri, { type: "terminal/exited", exitCode: 1 });
    await settle();
    expect(screen()).toContain("three\r\n");
    expect(screen()).toContain("The command has ended with 1.");
    expect([sent(), ends]).toEqual([[], []]);
  });

  it("says that the host is away, and draws everything afresh when it is back", async () => {
    const { host, screen, clock, terminal, sent } = await aTerminal();
    host.dropAll();
    await settle();
    expect(screen()).toContain("The host is not connected");
    terminal.input("lost");
    host.act(uri, { type: "terminal/data", data: "meanwhile" });
    await clock.advance(60_000);
    expect(screen().slice(screen().lastIndexOf("\u001bc"))).toBe("\u001bc$ pwd\r\n/code\r\nmeanwhile");
    expect(sent()).toEqual([]);
  });

  it("says what the host says of a terminal that is gone", async () => {
    const { screen } = await aTerminal(null);
    expect(screen()).toMatch(/no such/i);
  });

  it("detaches without a word to the host", async () => {
    const { terminal, host, sent } = await aTerminal();
    terminal.dispose();
    await settle();
    expect(sent()).toEqual([]);
    expect(host.heard.some(({ method }) => method === "disposeTerminal")).toBe(false);
  });
});

describe("a terminal to be", () => {
  const state = aSession({ workingDirectories: ["file:///code/w"], defaultChat: chat });
  const info = { protocolVersion: "0.9.0", name: undefined, version: undefined, defaultDirectory: undefined };

  it("is a shell in the agent's folder, claimed for its session", () => {
    expect(newTerminal("copilotcli:/1", state, "t", { ...info, fleet: undefined })).toEqual({
      channel: "ahp-terminal:/t",
      claim: { kind: "session", session: "copilotcli:/1", chat },
      cwd: "file:///code/w",
      cols: 80,
      rows: 24,
    });
  });

  it("is left to a host with the fleet plane to place", () => {
    const fleet = { version: 1, epoch: "e", methods: [], channels: [], isolation: "none" as const };
    const request = newTerminal(session, state, "t", { ...info, fleet });
    expect(request.channel).toBe("ahp-terminal:/s1/t");
    expect(request.cwd).toBeUndefined();
  });

  it("is refused in a sentence about the host", async () => {
    const { client, host } = await new ClientOnFakeHost().live();
    const request = newTerminal("copilotcli:/1", state, "t", undefined);
    await expect(openTerminal(client, request, "farm")).rejects.toMatchObject({
      code: "permission.denied",
      message: "farm opens no terminals. Follow the agent's own commands in its log.",
    });
    host.answers["createTerminal"] = () => ({ error: { code: -32009, message: "Not for you." } });
    await expect(openTerminal(client, request, "farm")).rejects.toMatchObject({
      code: "permission.denied",
      message: "farm did not open a terminal: Not for you.",
    });
  });
});
