import { expect, it } from "vitest";
import { admission } from "../../../../src/host/isolation/egress/admission.ts";

const gone = new AbortController().signal;
const config = { allow: ["allowed.example", "203.0.113.7"], deny: ["*.telemetry.example", "off.example"] };

function admit(host: string, answer = false) {
  const asked: string[] = [];
  const gate = {
    ask: (_session: string, target: { host: string }) => (asked.push(target.host), Promise.resolve(answer)),
  };
  return admission(
    "s",
    ["agent.example", "off.example"],
    config,
    gate,
  )({ host, port: 443 }, gone).then((refusal) => ({
    refusal,
    asked,
  }));
}

it("takes what the configuration and the agent's kind allow, without asking", async () => {
  for (const host of ["allowed.example", "agent.example", "203.0.113.7"]) {
    expect(await admit(host)).toEqual({ refusal: undefined, asked: [] });
  }
});

it("asks about any other name, and says what to do when it is refused", async () => {
  expect(await admit("other.example", true)).toEqual({ refusal: undefined, asked: ["other.example"] });
  expect(await admit("other.example")).toEqual({
    refusal: expect.stringMatching(
      /not let this session connect to other\.example:443.*ask the person to allow other\.example/,
    ),
    asked: ["other.example"],
  });
});

it("asks nobody about what is denied, nor about numbers", async () => {
  for (const host of ["a.telemetry.example", "off.example", "198.51.100.1", "2001:db8::1"]) {
    expect(await admit(host, true)).toMatchObject({ refusal: expect.any(String), asked: [] });
  }
});
