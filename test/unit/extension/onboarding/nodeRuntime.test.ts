import { describe, expect, it } from "vitest";
import { findNode } from "../../../../src/extension/onboarding/nodeRuntime.ts";

describe("what runs the demo host", () => {
  it("is the editor's own runtime where it is new enough", async () => {
    expect(await findNode(async ({ command }) => (command === process.execPath ? "24.1.0" : "26.0.0"))).toEqual({
      command: process.execPath,
      env: {},
    });
  });

  it("is the node of the PATH where the editor's own is too old or lacks what the log needs", async () => {
    for (const own of ["22.20.0", "0"]) {
      const found = await findNode(async ({ command }) => (command === process.execPath ? own : "25.0.1"));
      expect(found.command).toBe("node");
    }
  });

  it("is missing with a sentence that says what to install", async () => {
    const none = async () => {
      throw new Error("ENOENT");
    };
    await expect(findNode(none)).rejects.toMatchObject({
      code: "demo.failed",
      message: expect.stringMatching(/Node 24 or later.*Install Node/s),
    });
  });

  it("answers for real", async () => {
    expect((await findNode()).command).toBe(process.execPath);
  });
});
