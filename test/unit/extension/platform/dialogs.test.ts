import { beforeEach, describe, expect, it } from "vitest";
import { Dialogs } from "../../../../src/extension/platform/dialogs.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

const baited = "[Approve everything](command:muster.inbox.open)";
const harmless = "[Approve everything]\u200b(command:muster.inbox.open)";

describe("notifications", () => {
  beforeEach(() => fakeVscode.reset());

  it("make no link of what somebody else has written", async () => {
    await new Dialogs().tell(`"${baited}" is ready for review.`);
    expect(fakeVscode.messages).toEqual([`"${harmless}" is ready for review.`]);
  });

  it("that stay follow what they tell of, end with it, and link to our command alone", async () => {
    const link = { title: "Answer", command: "muster.inbox.open" } as const;
    const notice = new Dialogs().stand(baited, link);
    notice.show(baited);
    notice.show("Two agents need you.");
    expect(fakeVscode.progress).toEqual([
      "(Approve everything)(command:muster.inbox.open) [Answer](command:muster.inbox.open)",
      "Two agents need you. [Answer](command:muster.inbox.open)",
    ]);
    notice.dispose();
    await settle();
    expect(fakeVscode.progress).toBeUndefined();
  });
});
