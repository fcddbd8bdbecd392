import { expect, it } from "vitest";
import type { AhpClient } from "../../src/client/ahpClient.ts";
import type { ChannelHandle } from "../../src/client/client.ts";
import type { TerminalState } from "../../src/protocol/terminal.ts";
import { Cable } from "../support/cable.ts";
import { describeAgentHost, flood, newSession, type Scene, until, untilState } from "./vscodeAgentHostFixture.ts";

const lines = 100_000;
const newTerminalUri = () => `agenthost-terminal:/${crypto.randomUUID()}`;

/** All that a terminal has printed, in order. */
function textOf(state: TerminalState | undefined): string {
  const texts = state?.content.map((part) =>
    part.type === "command" ? part.output : part.type === "unclassified" ? part.value : "",
  );
  return texts?.join("") ?? "";
}

/** The end of it, of which the rest may be long. */
function tailOf({ content }: TerminalState): string {
  return textOf({ content: content.slice(-3) } as TerminalState).slice(-200);
}

/** The last of the lines is there, and the shell asks for the next command. */
const isDone = (state: TerminalState) => /\b100000\r\n[^]*[$#] $/.test(tailOf(state));

/** The lines that are numbers, as numbers. */
function numbersIn(state: TerminalState | undefined): number[] {
  // oxlint-disable-next-line no-control-regex -- a terminal's own language
  const plain = textOf(state).replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, "");
  const lines = plain.split(/[\r\n]+/);
  return lines.filter((line) => /^\d+$/.test(line)).map(Number);
}

const expected = Array.from({ length: lines }, (_, index) => index + 1);

async function openTerminal({ client, folder }: Scene, uri = newTerminalUri()): Promise<ChannelHandle<TerminalState>> {
  const claim = { kind: "client" as const, clientId: client.clientId };
  await client.request("createTerminal", { channel: uri, claim, cwd: folder, cols: 80, rows: 24 });
  const terminal = client.subscribe("terminal", uri);
  await untilPrompt(terminal);
  return terminal;
}

/** The shell asks for a line: what is typed before that would be shown twice. */
async function untilPrompt(terminal: ChannelHandle<TerminalState>): Promise<void> {
  await untilState(terminal, (state) => /[$#] $/.test(textOf(state)));
}

const type = (client: AhpClient, uri: string, data: string) => client.dispatch(uri, { type: "terminal/input", data });

describeAgentHost("Terminals", (scene) => {
  it("runs commands in a folder, one part for each, and tells how they end", async () => {
    const { client, fixture } = scene;
    const terminal = await openTerminal(scene);
    const folder = decodeURIComponent(new URL(scene.folder).pathname);
    expect(terminal.state).toMatchObject({ isPty: true, cols: 80, cwd: folder, lifecycle: { status: "running" } });
    await type(client, terminal.uri, "pwd; false\r");
    const isDone = (part: TerminalState["content"][number]) => part.type === "command" && part.isComplete;
    const { content } = await untilState(terminal, (state) => state.content.some(isDone));
    expect(content.find(isDone)).toMatchObject({ commandLine: "pwd; false", output: `${folder}\r\n`, exitCode: 1 });

    await client.dispatch(terminal.uri, { type: "terminal/resized", cols: 100, rows: 30 });
    await client.dispatch(terminal.uri, { type: "terminal/titleChanged", title: "Mine" });
    const other = (await fixture.connected()).subscribe("terminal", terminal.uri);
    expect(await other.ready).toMatchObject({ cols: 100, rows: 30, title: "Mine" });
    await untilPrompt(terminal);
    await type(client, terminal.uri, "stty size; exit 3\r");
    for (const seat of [terminal, other]) {
      await untilState(seat, ({ lifecycle }) => lifecycle?.status === "exited" && lifecycle.exitCode === 3);
      expect(textOf(seat.state)).toContain("30 100\r\n");
    }
    expect(textOf(other.state)).toBe(textOf(terminal.state));
    const listed = () => client.root.state?.terminals?.find(({ resource }) => resource === terminal.uri);
    await until(client.root.onDidChange, () => listed()?.lifecycle?.status === "exited");
    await client.request("disposeTerminal", { channel: terminal.uri });
    await until(client.root.onDidChange, () => listed() === undefined);
    other.dispose();
    const late = (await fixture.connected()).subscribe("terminal", terminal.uri);
    await expect(late.ready).rejects.toMatchObject({ code: "notFound" });
  });

  it("belongs to a session and its chat when it is claimed for them", async () => {
    const { client } = scene;
    const { uri, chat } = await newSession(scene);
    const channel = `ahp-terminal:/${crypto.randomUUID()}/${crypto.randomUUID()}`;
    const claim = { kind: "session" as const, session: uri, chat: chat.uri };
    await client.request("createTerminal", { channel, claim, cwd: scene.folder, name: "Named" });
    const terminal = client.subscribe("terminal", channel);
    expect(await terminal.ready).toMatchObject({ claim, isPty: true });
    await until(
      client.root.onDidChange,
      () => client.root.state?.terminals?.some(({ resource }) => resource === channel) ?? false,
    );
    await expect(client.request("createTerminal", { channel, claim })).rejects.toMatchObject({
      message: `Terminal already exists: ${channel}`,
    });
    const own = { kind: "client" as const, clientId: client.clientId };
    await client.dispatch(channel, { type: "terminal/claimed", claim: own });
    expect(terminal.state?.claim).toEqual(own);
    await client.request("disposeTerminal", { channel });
  });

  it(`prints ${lines} lines without losing or doubling one`, async () => {
    const { client } = scene;
    const terminal = await openTerminal(scene);
    let pieces = 0;
    terminal.onDidChange(
      ({ applied }) => (pieces += applied?.filter((action) => action.type === "terminal/data").length ?? 0),
    );
    await type(client, terminal.uri, `seq 1 ${lines}\r`);
    await untilState(terminal, isDone);
    // Not by `toEqual`: what it would print of a failure takes minutes.
    const numbers = numbersIn(terminal.state);
    expect(numbers).toHaveLength(lines);
    expect(numbers.findIndex((number, index) => number !== expected[index])).toBe(-1);
    expect(pieces).toBeGreaterThan(100);
    terminal.dispose();
  });

  it("loses and doubles none when the connection breaks in the middle of them", async () => {
    const { fixture, folder } = scene;
    const cable = await Cable.to(fixture.host.port);
    try {
      const client = await fixture.connected({ port: cable.port });
      const terminal = await openTerminal({ fixture, client, folder });
      const brokenAt: number[] = [];
      terminal.onDidChange(({ state, status }) => {
        const seen = textOf(state).length;
        if (status !== "live" || brokenAt.length === 3 || seen < (brokenAt.length + 1) * 100_000) return;
        brokenAt.push(seen);
        cable.cut();
      });
      await type(client, terminal.uri, `seq 1 ${lines}\r`);
      await untilState(terminal, isDone);
      expect(brokenAt[0]).toBeLessThan(textOf(terminal.state).length / 2);
      const fresh = await (await fixture.connected()).subscribe("terminal", terminal.uri).ready;
      const numbers = numbersIn(terminal.state);
      expect(numbers).toHaveLength(lines);
      expect(numbers.findIndex((number, index) => number !== expected[index])).toBe(-1);
      // The host itself keeps the end of the output only.
      const kept = textOf(fresh);
      expect(kept.length).toBeLessThan(textOf(terminal.state).length);
      expect(textOf(terminal.state).endsWith(kept)).toBe(true);
    } finally {
      await cable.dispose();
    }
  });

  it("has the end of the output when more was missed than the host keeps", async () => {
    const { fixture, folder } = scene;
    const cable = await Cable.to(fixture.host.port);
    try {
      const client = await fixture.connected({ port: cable.port });
      const terminal = await openTerminal({ fixture, client, folder });
      const { uri } = await newSession(scene);
      const witness = scene.client.subscribe("terminal", terminal.uri);
      await witness.ready;
      const unplugging = terminal.onDidChange(({ state }) => {
        if (textOf(state).length < 50_000) return;
        unplugging.dispose();
        cable.unplug();
      });
      await type(scene.client, terminal.uri, `seq 1 ${lines}\r`);
      await untilState(witness, isDone);
      await flood(scene.client, uri);
      expect(terminal.status).toBe("stale");
      cable.plug();
      client.connect();
      await untilState(terminal, isDone);
      // The first one may be the rest of a number that was cut.
      const numbers = numbersIn(terminal.state).slice(1);
      const first = numbers[0]!;
      expect(first).toBeGreaterThan(1);
      expect(numbers).toHaveLength(lines - first + 1);
      expect(numbers.findIndex((number, index) => number !== first + index)).toBe(-1);
    } finally {
      await cable.dispose();
    }
  });
});
