import { describe, expect, it } from "vitest";
import { LaunchForm } from "../../../../src/extension/launch/launchForm.ts";
import { aFleet } from "../../../support/aFleet.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";

const drafts = { merge: async () => undefined };

async function aForm(prepare: (host: FakeHost, id: string) => void, hostIds?: string[]) {
  const { connections, hosts } = await aFleet(prepare, hostIds);
  return { form: new LaunchForm(connections.all, drafts), hosts };
}

const plain = (host: FakeHost) => {
  host.fleet = false;
  host.answers["resolveSessionConfig"] = () => ({
    result: {
      schema: {
        type: "object",
        properties: { plan: { type: "string", title: "Plan" }, mode: { type: "string", default: "auto" } },
        required: ["plan", "mode"],
      },
      values: {},
    },
  });
};
const typed = { hostId: "a", provider: "copilotcli", prompt: "Tidy up", repository: "https://h.example/o/r" };

describe("the form of a launch", () => {
  it("asks a host with the fleet plane for repository and branch", async () => {
    const { form } = await aForm(() => undefined);
    expect(await form.steps(typed)).toHaveLength(4);
    expect(await form.request({ ...typed, baseBranch: "dev", folders: { a: "file:///w" } })).toEqual({
      hostId: "a",
      provider: "copilotcli",
      prompt: "Tidy up",
      repository: "https://h.example/o/r",
      baseBranch: "dev",
    });
  });

  it("asks any other for a folder, and for what its own schema requires once the folder is known", async () => {
    const { form, hosts } = await aForm(plain);
    expect(await form.steps(typed)).toHaveLength(3);
    const chosen = { ...typed, folders: { a: "file:///w", b: "file:///other" }, config: { plan: "team", old: "x" } };
    expect(await form.steps(chosen)).toHaveLength(4);
    expect(await form.request(chosen)).toEqual({
      hostId: "a",
      provider: "copilotcli",
      prompt: "Tidy up",
      folder: "file:///w",
      config: { plan: "team" },
    });
    const asked = hosts.get("a")!.heard.filter(({ method }) => method === "resolveSessionConfig");
    expect(asked.map(({ params }) => params["workingDirectory"])).toEqual(["file:///w"]);
  });

  it("asks for the host first where there are several, and then for what that host can do", async () => {
    const { form } = await aForm(
      (host, id) => {
        if (id === "b") plain(host);
      },
      ["a", "b"],
    );
    expect(await form.steps({})).toHaveLength(5);
    expect(await form.steps({ ...typed, hostId: "b" })).toHaveLength(4);
  });

  it("comes to nothing without a folder, a prompt or a host", async () => {
    const { form } = await aForm(plain);
    expect(await form.request(typed)).toBeUndefined();
    expect(await form.request({ ...typed, prompt: "", folders: { a: "file:///w" } })).toBeUndefined();
    expect(await form.request({ ...typed, hostId: "gone", folders: { gone: "file:///w" } })).toBeUndefined();
  });
});
