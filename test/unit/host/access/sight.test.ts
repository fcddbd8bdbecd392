import { beforeEach, describe, expect, it } from "vitest";
import { type Owners, Sight, sessionIdIn } from "../../../../src/host/access/sight.ts";
import { SessionOwners } from "../../../../src/host/sessions/sessionOwners.ts";
import {
  blobUri,
  branchChangesetUri,
  chatUri,
  fileUri,
  fleetSessionUri,
  ROOT_URI,
  terminalUri,
  turnChangesetUri,
} from "../../../../src/protocol/uris.ts";
import { aGrant } from "../../../support/access.ts";
import { GatewayCore } from "../../../support/gatewayCore.ts";

const id = "0f9c1b2a-0000-4000-8000-000000000001";
const other = "0f9c1b2a-0000-4000-8000-000000000002";
const session = `ahp-session:/${id}`;
const ofSession = (sessionId: string) => [
  `ahp-session:/${sessionId}`,
  `codex:/${sessionId}`,
  chatUri(`ahp-session:/${sessionId}`),
  chatUri(`codex:/${sessionId}`, "side"),
  fleetSessionUri(sessionId),
  branchChangesetUri(`ahp-session:/${sessionId}`),
  turnChangesetUri(`codex:/${sessionId}`, "turn/1"),
  terminalUri(sessionId, "call/1"),
  blobUri(sessionId, "a".repeat(40)),
  fileUri(sessionId, "src/a b.ts"),
];

describe("a session's id", () => {
  it.each(ofSession(id))("is found in %s", (uri) => expect(sessionIdIn(uri)).toBe(id));

  it.each(["", ROOT_URI, "x-fleet-audit:", "https://example.com/a", "file:///repositories/a", "no uri"])(
    "is not found in %j",
    (uri) => expect(sessionIdIn(uri) ?? "").not.toMatch(/^0f9c/),
  );
});

describe("TEN-1: a user", () => {
  let core: GatewayCore;
  let owners: SessionOwners;
  let ada: Sight;
  let admin: Sight;

  beforeEach(() => {
    core = new GatewayCore();
    owners = new SessionOwners(core.channels);
    owners.add(id, "bob");
    owners.add(other, "ada");
    ada = new Sight(aGrant(), owners);
    admin = new Sight(aGrant({ user: "root", role: "admin", sessions: "all" }), owners);
  });

  it.each(ofSession(id))("does not reach %s of somebody else, an admin does", async (uri) => {
    expect([await ada.reaches(uri), ada.reachesAtOnce(uri), await admin.reaches(uri)]).toEqual([false, false, true]);
  });

  it.each(ofSession(other))("reaches %s of the own", async (uri) => expect(await ada.reaches(uri)).toBe(true));

  it("reaches the root, and nothing else that is nobody's", async () => {
    expect(await ada.reaches(ROOT_URI)).toBe(true);
    for (const uri of ["x-fleet-conflicts:/abc", "x-fleet-spend://", "x-fleet-audit:", "ahp-session:/unknown-one"]) {
      expect(await ada.reaches(uri)).toBe(false);
    }
  });

  it("asks about an id that nobody has when asking about somebody else's", async () => {
    const asked = { channel: session, deep: [{ uri: chatUri(session) }, fileUri(id, "a.ts")], text: `see ${session}` };
    const { params, unblind } = await ada.blind(asked);
    const seen = JSON.stringify(params);
    expect(seen).not.toContain(JSON.stringify(session));
    expect(seen).not.toContain(chatUri(session));
    expect(seen).toContain(`see ${session}`);
    // The answer speaks of what was asked.
    expect(unblind?.(params)).toEqual(asked);
    expect((await admin.blind(asked)).params).toBe(asked);
    const own = { channel: `ahp-session:/${other}` };
    expect(await ada.blind(own)).toEqual({ params: own });
  });

  it("finds the owner of a draft that only the log knows", async () => {
    const draft = "codex:/0f9c1b2a-0000-4000-8000-000000000003";
    core.channels.create(draft, "session", {
      provider: "codex",
      title: "",
      status: 1,
      lifecycle: "ready",
      activeClients: [],
      chats: [],
      _meta: { muster: { draft: true, owner: "ada" } },
    });
    expect(await ada.reaches(chatUri(draft))).toBe(true);
    expect(await new Sight(aGrant({ user: "eve" }), owners).reaches(chatUri(draft))).toBe(false);
  });

  it("sees of all terminals those in the own sessions", () => {
    const terminal = (sessionId: string) => ({
      resource: terminalUri(sessionId, "t"),
      title: `of ${sessionId}`,
      claim: { kind: "session", session: `ahp-session:/${sessionId}` } as const,
      _meta: { muster: { session: `ahp-session:/${sessionId}` } },
    });
    const terminals = [terminal(id), terminal(other)];
    const root = { agents: [], terminals };
    expect(ada.narrowRoot(root).terminals).toEqual([terminal(other)]);
    expect(admin.narrowRoot(root)).toBe(root);
    const action = { type: "root/terminalsChanged", terminals };
    const frame = JSON.stringify({ jsonrpc: "2.0", method: "action", params: { channel: ROOT_URI, action } });
    expect(ada.narrow(frame)).not.toContain(id);
    expect(ada.narrow(frame)).toContain(other);
    expect(admin.narrow(frame)).toBe(frame);
  });
});

it("a terminal of any address belongs to whom the list says", () => {
  const core = new GatewayCore();
  const owners: Owners & SessionOwners = new SessionOwners(core.channels);
  owners.add(id, "ada");
  const resource = "agenthost-terminal:/whatever";
  const claim = { kind: "session", session } as const;
  const terminals = [{ resource, title: "", claim, _meta: { muster: { session } } }];
  core.channels.dispatch(ROOT_URI, { type: "root/terminalsChanged", terminals });
  expect(owners.of(resource)).toBe("ada");
});
