import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import type { ConnectionState } from "../../../../src/client/connectionState.ts";
import { HostCredentials } from "../../../../src/extension/signIn/hostCredentials.ts";
import { defaultGitHubServer } from "../../../../src/extension/ship/gitHubServers.ts";
import { FakeMemento } from "../ship/memento.ts";

const live: ConnectionState = { kind: "live", attempt: 0, sinceMs: 0 };

function aHost(options: { resource?: string; answer?: boolean; state?: FakeMemento; url?: string } = {}) {
  const lent: { resource: string; token: string }[] = [];
  const questions: string[] = [];
  const {
    resource = "https://github.com",
    answer = true,
    state = new FakeMemento(),
    url = "wss://host.example/",
  } = options;
  const client = {
    async request(_method: string, { resource, token }: { resource: string; token: string }) {
      lent.push({ resource, token });
    },
  };
  const credentials = new HostCredentials({
    hosts: {
      client: () => client as never,
      get: () => ({ host: { id: "h1", name: "Build host", url }, client: client as never, state: live }),
    },
    dialogs: {
      async choose(question, detail, [yes]) {
        questions.push(`${question} ${detail}`);
        return answer ? yes : undefined;
      },
    },
    signIn: { token: async () => "secret", silentToken: async () => undefined },
    servers: () => [defaultGitHubServer],
    state,
  });
  const requests: number[] = [];
  const request = async () => {
    requests.push(lent.length);
    if (lent.length === 0) throw new AppError("auth.required", "need", { details: { resources: [{ resource }] } });
    return "done";
  };
  return { credentials, lent, questions, requests, request, state };
}

describe("a host that lacks credentials", () => {
  it("gets the sign-in after a yes that named host and resource, and the request runs once more", async () => {
    const { credentials, lent, questions, request, requests } = aHost();
    expect(await credentials.withCredentials("h1", request)).toBe("done");
    expect(lent).toEqual([{ resource: "https://github.com", token: "secret" }]);
    expect(requests).toEqual([0, 1]);
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatch(/"Build host".*https:\/\/github\.com.*wss:\/\/host\.example\//);
  });

  it("EXT-5, EXT-6: gets nothing after a no, and the person is told how to go on", async () => {
    const { credentials, lent, request, requests } = aHost({ answer: false });
    await expect(credentials.withCredentials("h1", request)).rejects.toMatchObject({
      code: "auth.required",
      message: expect.stringContaining("nothing was sent"),
    });
    expect([lent, requests]).toEqual([[], [0]]);
  });

  it("EXT-6: is asked about once after a no in a hundred requests, until the person wants it themselves", async () => {
    const desk = aHost({ answer: false });
    for (let index = 0; index < 100; index++) {
      await expect(desk.credentials.withCredentials("h1", desk.request)).rejects.toMatchObject({
        code: "auth.required",
        details: { hostId: "h1" },
      });
    }
    expect([desk.lent, desk.questions.length]).toEqual([[], 1]);
    const [want] = desk.credentials.consents.refusedTo("h1");
    await desk.credentials.lend("h1", want!, { isWanted: true });
    expect(desk.questions).toHaveLength(2);
  });

  it("is asked about once for the same address and resource, and again for another address", async () => {
    const state = new FakeMemento();
    await aHost({ state })
      .credentials.withCredentials("h1", aHost({ state }).request)
      .catch(() => undefined);
    const again = aHost({ state });
    await again.credentials.withCredentials("h1", again.request);
    expect(again.questions).toEqual([]);
    const moved = aHost({ state, url: "wss://elsewhere.example/" });
    await moved.credentials.withCredentials("h1", moved.request);
    expect(moved.questions).toHaveLength(1);
  });

  it.each([
    "https://github.com.evil.example",
    "http://github.com",
    "https://github.com:8443",
    "https://me@github.com",
    "nonsense",
  ])("EXT-6: never gets a token for %s", async (resource) => {
    const { credentials, lent, questions, request } = aHost({ resource });
    await expect(credentials.withCredentials("h1", request)).rejects.toMatchObject({ code: "auth.required" });
    expect([lent, questions]).toEqual([[], []]);
  });

  it("is not asked about for other failures", async () => {
    const { credentials, questions } = aHost();
    const request = async () => {
      throw new AppError("push.refused", "no");
    };
    await expect(credentials.withCredentials("h1", request)).rejects.toMatchObject({ code: "push.refused" });
    expect(questions).toEqual([]);
  });

  it("is not asked forever", async () => {
    const { credentials, questions } = aHost();
    const request = async () => {
      throw new AppError("auth.required", "need", { details: { resources: [{ resource: "https://github.com" }] } });
    };
    await expect(credentials.withCredentials("h1", request)).rejects.toMatchObject({ code: "auth.required" });
    expect(questions).toHaveLength(1);
  });
});
