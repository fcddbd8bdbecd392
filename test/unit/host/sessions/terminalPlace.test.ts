import { describe, expect, it } from "vitest";
import { terminalTarget } from "../../../../src/host/sessions/terminalPlace.ts";

const newest = { id: "session2", session: "claude:/session2", workingDirectories: ["file:///repositories/web"] };
const oldest = {
  id: "session1",
  session: "ahp-session:/session1",
  workingDirectories: ["file:///repositories/web/", "https://github.com/o/r"],
};
const sessions = [newest, oldest];
const client = { kind: "client", clientId: "me" } as const;
const by = (session: string) => ({ kind: "session", session }) as const;
const channel = "ahp-terminal:/t";

describe("where a terminal opens", () => {
  it("is the session that its claim names", () => {
    expect(terminalTarget({ channel, claim: by(oldest.session) }, sessions)).toEqual({ session: oldest.session });
    const cwd = "file:///data/sessions/session1/workspace/src";
    expect(terminalTarget({ channel, claim: by(oldest.session), cwd }, sessions)).toEqual({
      session: oldest.session,
      cwd,
    });
    expect(terminalTarget({ channel, claim: by("ahp-session:/unknown") }, sessions).session).toBe(
      "ahp-session:/unknown",
    );
  });

  it("is the session in whose workspace the directory lies", () => {
    for (const cwd of ["file:///data/sessions/session1/workspace", "x-fleet-file:/session1/src"]) {
      expect(terminalTarget({ channel, claim: client, cwd }, sessions)).toEqual({ session: oldest.session, cwd });
    }
  });

  it("is the workspace that stands for the repository that the session's client named", () => {
    const at = (cwd: string, session = oldest.session) =>
      terminalTarget({ channel, claim: by(session), cwd }, sessions);
    expect(at("file:///repositories/web")).toEqual({ session: oldest.session, cwd: undefined });
    expect(at("https://github.com/o/r/")).toEqual({ session: oldest.session, cwd: undefined });
    expect(at("file:///repositories/web/a%20b/c")).toEqual({
      session: oldest.session,
      cwd: "x-fleet-file:/session1/a%20b/c",
    });
    expect(at("file:///repositories/website").cwd).toBe("file:///repositories/website");
  });

  it("is refused later, not here, for a directory that climbs or cannot be read", () => {
    for (const rest of ["../other", "%zz"]) {
      const cwd = `file:///repositories/web/${rest}`;
      expect(terminalTarget({ channel, claim: client, cwd }, sessions).cwd).toBe(`x-fleet-file:/session2/${rest}`);
    }
  });

  it("is the first session on that repository when nobody says which", () => {
    const cwd = "file:///repositories/web/src";
    expect(terminalTarget({ channel, claim: client, cwd }, sessions)).toEqual({
      session: newest.session,
      cwd: "x-fleet-file:/session2/src",
    });
  });

  it.each([undefined, "file:///etc", "file:///repositories", "not a uri"])("is nowhere for %s", (cwd) => {
    expect(() => terminalTarget({ channel, claim: client, cwd }, sessions)).toThrow("Say which agent's");
  });
});
