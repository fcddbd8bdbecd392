import { expect, it } from "vitest";
import { allEnded } from "../../../src/base/allEnded.ts";

it("answers as all of them do, and fails only when none of them is under way any more", async () => {
  expect(await allEnded(Promise.resolve(1), Promise.resolve("b"))).toEqual([1, "b"]);

  const slow = Promise.withResolvers<void>();
  let isOver = false;
  const failing = allEnded(Promise.reject(new Error("no")), slow.promise).finally(() => (isOver = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  slow.resolve();
  await expect(failing).rejects.toThrow("no");
});
