import { beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { errorActions } from "../../../../src/extension/errorActions.ts";
import { newHostClient } from "../../../../src/extension/hosts/hostClient.ts";
import { Dialogs } from "../../../../src/extension/platform/dialogs.ts";
import { requireTrust, whenTrusted } from "../../../../src/extension/platform/trust.ts";
import { defaultGitHubServer } from "../../../../src/extension/ship/gitHubServers.ts";
import { vscodeSignIn } from "../../../../src/extension/ship/gitHubSignIn.ts";
import { FakeClock, settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

beforeEach(() => fakeVscode.reset());

describe("EXT-5: in a workspace that is not trusted", () => {
  beforeEach(() => {
    fakeVscode.isTrusted = false;
  });

  it("no host is dialled and no token is even read, however often it is tried", async () => {
    const clock = new FakeClock();
    let tokens = 0;
    const token = async () => `secret ${++tokens}`;
    const host = { id: "a", name: "a", url: "ws://127.0.0.1:1" };
    const client = newHostClient(host, token, { clock, logger: silentLogger, version: "1", mayDial: requireTrust });
    client.connect();
    for (let minute = 0; minute < 30; minute += 1) await clock.advance(60_000);
    expect(tokens).toBe(0);
    expect(client.state.kind).not.toBe("live");
    client.dispose();
  });

  it("nobody's account is asked for, not even silently, and the person is told why", async () => {
    await expect(vscodeSignIn.token(defaultGitHubServer)).rejects.toMatchObject({ code: "permission.denied" });
    await expect(vscodeSignIn.token(defaultGitHubServer, "refused")).rejects.toThrow("not trusted");
    expect(await vscodeSignIn.silentToken(defaultGitHubServer)).toBeUndefined();
    errorActions({ logger: { show: () => undefined }, settings: { open: async () => undefined }, id: "x" }).signIn(
      undefined,
    );
    await settle();
    expect(fakeVscode.sessions).toEqual([]);
  });

  it("what waits for trust starts with it, and not when it is not wanted any more", () => {
    const started: string[] = [];
    const waiting = whenTrusted(() => started.push("first"));
    whenTrusted(() => started.push("second"));
    expect(started).toEqual([]);
    waiting.dispose();
    fakeVscode.isTrusted = true;
    fakeVscode.trustGranted.fire();
    expect(started).toEqual(["second"]);
  });
});

describe("EXT-5: a question", () => {
  it.each([undefined, "", "Cancel", "allow", "Allow "])("that is answered %j has no yes", async (answer) => {
    fakeVscode.answer = answer;
    expect(await new Dialogs().confirm("Lend it?", "It is yours.", "Allow")).toBe(false);
    expect(await new Dialogs().choose("Lend it?", "It is yours.", ["Allow"])).not.toBe("Allow");
  });

  it("has one by the very button", async () => {
    fakeVscode.answer = "Allow";
    expect(await new Dialogs().confirm("Lend it?", "It is yours.", "Allow")).toBe(true);
  });
});
