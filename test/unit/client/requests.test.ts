import { describe, expect, it } from "vitest";
import { RPC } from "../../../src/protocol/jsonrpc.ts";
import { ROOT_URI } from "../../../src/protocol/uris.ts";
import { ClientOnFakeHost } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";

describe("requests", () => {
  it("carry the host's own error code", async () => {
    const scene = await new ClientOnFakeHost().live();
    scene.host.answers["invokeChangesetOperation"] = () => ({
      error: { code: RPC.conflict, message: "The branch has moved.", data: { muster: { code: "branch.moved" } } },
    });
    const answer = scene.client.request("invokeChangesetOperation", { channel: "x", operationId: "push" });
    await expect(answer).rejects.toMatchObject({ code: "branch.moved", message: "The branch has moved." });
  });

  it("keep what a host wants credentials for", async () => {
    const scene = await new ClientOnFakeHost().live();
    const resources = [{ resource: "https://github.com", scopes_supported: ["repo"] }];
    scene.host.answers["createSession"] = () => ({
      error: { code: RPC.authRequired, message: "Sign in.", data: { resources } },
    });
    const answer = scene.client.request("createSession", { channel: "ahp-session:/1", provider: "p", config: {} });
    await expect(answer).rejects.toMatchObject({ code: "auth.required", details: { resources } });
  });

  it("reject an answer of a wrong shape", async () => {
    const scene = await new ClientOnFakeHost().live();
    scene.host.answers["resourceRead"] = () => ({ result: { data: 7 } });
    await expect(scene.client.request("resourceRead", { channel: ROOT_URI, uri: "x" })).rejects.toMatchObject({
      code: "host.incompatible",
    });
  });

  it("announce that a host wants credentials", async () => {
    const scene = await new ClientOnFakeHost().live();
    const wanted: unknown[] = [];
    scene.client.onDidRequireAuth((event) => wanted.push(event));
    const resource = { resource: "https://github.com", scopes_supported: ["repo"] };
    scene.host.notify("auth/required", { channel: "ahp-root://", resource, reason: "expired" });
    await settle();
    expect(wanted).toEqual([{ resource: "https://github.com", scopes: ["repo"], reason: "expired" }]);
  });
});
