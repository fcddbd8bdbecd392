import { describe, expect, it } from "vitest";
import type { LaunchDraft } from "../../../../src/extension/launch/launchDraft.ts";
import { LaunchForm } from "../../../../src/extension/launch/launchForm.ts";
import { aFleet } from "../../../support/aFleet.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";

const agents = [
  {
    provider: "copilotcli",
    displayName: "Copilot",
    description: "",
    models: [
      { id: "small", name: "Small" },
      { id: "large", name: "Large" },
    ],
  },
  { provider: "claude", displayName: "Claude", description: "", models: [] },
];

async function aForm(prepare: (host: FakeHost, id: string) => void = () => undefined, hostIds?: string[]) {
  const { connections, hosts } = await aFleet((host, id) => {
    host.put("ahp-root://", { agents });
    prepare(host, id);
  }, hostIds);
  const form = new LaunchForm(connections.all);
  const labels = async (draft: LaunchDraft) => (await form.fields(draft)).map(({ label }) => label);
  const missing = async (draft: LaunchDraft) =>
    (await form.fields(draft)).filter((field) => !field.isAnswered(draft)).map(({ label }) => label);
  return { form, hosts, labels, missing };
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
const limits = { budgetUsd: 5, timeLimitMinutes: 30, priority: "high" } as const;
const newId = () => "group-1";

describe("the form of a launch", () => {
  it("has everything that a host with the fleet plane can be told, and asks for as little as it can", async () => {
    const { form, labels, missing } = await aForm();
    expect(await labels(typed)).toEqual([
      "Agent",
      "Model",
      "Repository",
      "Base branch",
      "Budget",
      "Time limit",
      "Priority",
      "Attempts",
    ]);
    expect(await missing({ hostId: "a" })).toEqual(["Agent", "Repository", "Base branch"]);
    expect(await missing({ ...typed, baseBranch: "" })).toEqual([]);
    expect(await form.requests({ ...typed, ...limits, model: "large", baseBranch: "dev" }, newId)).toEqual([
      {
        hostId: "a",
        provider: "copilotcli",
        model: "large",
        prompt: "Tidy up",
        repository: "https://h.example/o/r",
        baseBranch: "dev",
        ...limits,
      },
    ]);
  });

  it("asks any other for a folder, and for what its own schema requires once the folder is known", async () => {
    const { form, hosts, labels } = await aForm(plain);
    expect(await labels(typed)).toEqual(["Agent", "Model", "Folder"]);
    const folders = { a: "file:///w", b: "file:///other" };
    const chosen = { ...typed, ...limits, count: 3, folders, config: { plan: "team", old: "x" } };
    expect(await labels(chosen)).toEqual(["Agent", "Model", "Folder", "Plan"]);
    // Attempts and limits are of the fleet plane.
    expect(await form.requests(chosen, newId)).toEqual([
      { hostId: "a", provider: "copilotcli", prompt: "Tidy up", folder: "file:///w", config: { plan: "team" } },
    ]);
    const asked = hosts.get("a")!.heard.filter(({ method }) => method === "resolveSessionConfig");
    expect(asked.map(({ params }) => params["workingDirectory"])).toEqual(["file:///w"]);
  });

  it("asks for the host where there are several, and then for what that host can do", async () => {
    const { labels, missing } = await aForm(
      (host, id) => {
        if (id === "b") plain(host);
      },
      ["a", "b"],
    );
    expect(await missing({})).toEqual(["Host", "Agent", "Repository", "Base branch"]);
    expect(await labels({ ...typed, hostId: "b" })).toEqual(["Host", "Agent", "Model", "Folder"]);
  });

  it("settles what goes without saying, and lets go of what is there no more", async () => {
    const { form } = await aForm((host) => host.put("ahp-root://", { agents: agents.slice(1) }));
    expect(await form.settled({ hostId: "gone", provider: "copilotcli", model: "small" })).toMatchObject({
      hostId: "a",
      provider: "claude",
      model: undefined,
    });
  });

  it("gives several attempts the same prompt, a group, and the chosen agents in turn", async () => {
    const { form, labels } = await aForm();
    const draft: LaunchDraft = {
      ...typed,
      baseBranch: "",
      count: 3,
      attemptBy: [{ provider: "copilotcli", model: "large" }, { provider: "claude" }],
    };
    expect(await labels(draft)).toContain("Attempts by");
    const requests = await form.requests(draft, newId);
    expect(requests).toMatchObject([
      { provider: "copilotcli", model: "large", group: { id: "group-1", index: 1, count: 3 } },
      { provider: "claude", group: { id: "group-1", index: 2, count: 3 } },
      { provider: "copilotcli", model: "large", group: { id: "group-1", index: 3, count: 3 } },
    ]);
    expect(new Set(requests.map(({ prompt }) => prompt))).toEqual(new Set(["Tidy up"]));
    expect(requests[1]).not.toHaveProperty("model");
  });

  it("comes to nothing without a folder, a prompt or a host", async () => {
    const { form } = await aForm(plain);
    expect(await form.requests(typed, newId)).toEqual([]);
    expect(await form.requests({ ...typed, prompt: " ", folders: { a: "file:///w" } }, newId)).toEqual([]);
    expect(await form.requests({ ...typed, hostId: "gone", folders: { gone: "file:///w" } }, newId)).toEqual([]);
  });
});
