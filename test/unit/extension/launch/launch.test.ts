import { describe, expect, it } from "vitest";
import { firstOutcome } from "../../../../src/extension/hosts/firstOutcome.ts";
import { LaunchDrafts } from "../../../../src/extension/launch/launchDraft.ts";
import { withoutCredentials } from "../../../../src/extension/launch/repositories.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { settle } from "../../../support/fakeClock.ts";

function aStore(initial: Record<string, unknown> = {}) {
  const values = new Map(Object.entries(initial));
  return {
    get: (key: string) => values.get(key),
    update: async (key: string, value: unknown) => {
      values.set(key, JSON.parse(JSON.stringify(value)));
    },
  };
}

const request = { hostId: "a", provider: "sample", repository: "https://github.com/acme/widgets", prompt: "Fix it" };

describe("the form of a launch", () => {
  it("keeps everything until the host has taken it, then all but the prompt", async () => {
    const drafts = new LaunchDrafts(aStore());
    await drafts.merge(request);
    expect(drafts.read()).toEqual(request);
    await drafts.launched(request);
    expect(drafts.read()).toEqual({
      hostId: "a",
      provider: "sample",
      repository: request.repository,
      recent: [request.repository],
    });
  });

  it("remembers the last ten repositories, latest first, each once", async () => {
    const drafts = new LaunchDrafts(aStore());
    for (let index = 0; index < 12; index++)
      await drafts.launched({ ...request, repository: `https://a.example/${index}` });
    await drafts.launched({ ...request, repository: "https://a.example/5" });
    const { recent } = drafts.read();
    expect(recent).toHaveLength(10);
    expect(recent?.slice(0, 2)).toEqual(["https://a.example/5", "https://a.example/11"]);
    expect(new Set(recent).size).toBe(10);
  });

  it("loses no letter to a store that tells earlier writes back while later ones are under way", async () => {
    let value: unknown;
    const told: (() => void)[] = [];
    const drafts = new LaunchDrafts({
      get: () => value,
      update: async (_key, next) => {
        value = next;
        await new Promise<void>((resolve) => {
          told.push(() => {
            value = next;
            resolve();
          });
        });
      },
    });
    const typed = ["F", "Fi", "Fix"].map((prompt) => drafts.merge({ prompt }));
    expect(drafts.read().prompt).toBe("Fix");
    for (let echo = told.shift(); echo !== undefined; echo = told.shift()) {
      echo();
      await settle();
    }
    await Promise.all(typed);
    expect(drafts.read().prompt).toBe("Fix");
  });

  it("starts empty when what is stored cannot be read", () => {
    expect(new LaunchDrafts(aStore({ "muster.launchDraft": { prompt: 7 } })).read()).toEqual({});
  });

  it("offers no remote with the token in it", () => {
    expect(withoutCredentials("https://user:ghp_x@github.com/a/b.git")).toBe("https://github.com/a/b.git");
    expect(withoutCredentials("git@github.com:a/b.git")).toBe("git@github.com:a/b.git");
  });
});

describe("the first outcome of a connection", () => {
  it("is nothing when the host answers", async () => {
    const { connections } = await aFleet();
    expect(await firstOutcome(connections, "a")).toBeUndefined();
  });

  it("is why the attempt failed", async () => {
    const { connections, host } = await aFleet((host) => {
      host.answers["initialize"] = () => ({
        error: { code: -32005, message: "No.", data: { supportedVersions: ["9.0.0"] } },
      });
    });
    expect((await firstOutcome(connections, "a"))?.code).toBe("host.incompatible");
    expect(host.connections).toBeLessThanOrEqual(1);
  });

  it("is a cancellation when the host is removed meanwhile", async () => {
    const { connections, registry } = await aFleet((host) => {
      host.isSilent = true;
    });
    const outcome = firstOutcome(connections, "a");
    await registry.remove("a");
    expect((await outcome)?.code).toBe("cancelled");
  });
});
