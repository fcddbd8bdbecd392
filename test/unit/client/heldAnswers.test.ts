import { describe, expect, it } from "vitest";
import { aSession, session } from "../../support/aChat.ts";
import { ClientOnFakeHost } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";
import { FakeHost } from "../../support/fakeHost.ts";

describe("an answer that arrives while its channel waits for a snapshot", () => {
  it("ends the wait for it also when the snapshot never comes", async () => {
    const host = new FakeHost();
    host.put(session, aSession({ title: "Theirs" }));
    const { client, ...flaky } = await new ClientOnFakeHost(host).live();
    const handle = client.subscribe("session", session);
    await settle();
    host.isSilent = true;
    const action = { type: "session/titleChanged", title: "Mine" } as const;
    const refused = expect(client.dispatch(session, action)).rejects.toMatchObject({ code: "request.rejected" });
    host.notify("root/sessionRemoved", { channel: "ahp-root://", session });
    await settle();
    expect(host.heard.at(-1)).toMatchObject({ method: "subscribe", params: { channel: session } });
    const origin = { clientId: client.clientId, clientSeq: 1 };
    const serverSeq = host.serverSeq + 1;
    host.notify("action", { channel: session, action, serverSeq, origin, rejectionReason: "No." });
    await refused;
    // What was refused is taken back at once, not when the snapshot comes.
    expect(handle.state?.title).toBe("Theirs");
    host.isSilent = false;
    host.dropAll();
    await flaky.clock.advance(60_000);
    expect(handle.status).toBe("live");
    expect(handle.state).toEqual(host.state(session));
  });
});
