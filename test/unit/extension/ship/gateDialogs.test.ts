import { describe, expect, it } from "vitest";
import type { Finding } from "../../../../src/extension/ship/gate.ts";
import { gateDialogs } from "../../../../src/extension/ship/gateDialogs.ts";
import { anAgent } from "./anAgent.ts";

const { target } = anAgent();
const behind: Finding = { kind: "conflictsWithBase", severity: "warn", sentence: "It conflicts.", isOfBase: true };
const risky: Finding = { kind: "workflow", severity: "warn", sentence: "It is risky." };

/** A person who presses one button. */
function aGate(pressed: string | undefined) {
  const asked: string[] = [];
  const done: string[] = [];
  const gate = gateDialogs({
    dialogs: {
      choose: async (question, detail, buttons) => {
        asked.push(`${question} ${detail.replaceAll("\n", " ")} [${buttons.join("] [")}]`);
        return pressed;
      },
    },
    review: async () => void done.push("review"),
    updateFromBase: async () => void done.push("update"),
  });
  return { gate, asked, done };
}

describe("the questions at the gate", () => {
  it("PR-4: go on only on the person's word", async () => {
    const { gate, asked } = aGate("Continue");
    expect(await gate.accept([risky], target)).toBe(true);
    expect(asked).toEqual(["Ship these changes? It is risky. [Continue]"]);
    expect(await aGate(undefined).gate.accept([risky], target)).toBe(false);
  });

  it("offer to update from the base where that would do away with a finding, and then stop", async () => {
    const { gate, asked, done } = aGate("Update from Base");
    expect(await gate.accept([risky, behind], target)).toBe(false);
    expect(asked).toEqual(["Ship these changes? It is risky. It conflicts. [Continue] [Update from Base]"]);
    expect(done).toEqual(["update"]);
  });

  it("offer to review what stands in the way", async () => {
    const { gate, done } = aGate("Review Changes");
    await gate.explain([{ kind: "notReviewed", severity: "block", sentence: "Review it." }], target);
    expect(await gate.acquit([{ kind: "secret", severity: "block", sentence: "A key." }], target)).toBe(false);
    expect(done).toEqual(["review", "review"]);
    expect(await aGate("It Is No Secret").gate.acquit([], target)).toBe(true);
  });

  it("make a branch that was deleted again only on the person's word", async () => {
    const { gate, asked } = aGate("Make It Again");
    expect(await gate.recreate("agent/x")).toBe(true);
    expect(asked).toEqual([expect.stringContaining("The branch agent/x was deleted on GitHub")]);
    expect(await aGate(undefined).gate.recreate("agent/x")).toBe(false);
  });
});
