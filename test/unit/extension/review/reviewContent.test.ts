import { afterEach, expect, it } from "vitest";
import { ReviewContent } from "../../../../src/extension/review/reviewContent.ts";
import { toReviewUri } from "../../../../src/extension/review/reviewUri.ts";
import type { RevisionText } from "../../../../src/extension/review/revisionReader.ts";
import { fakeDocumentOpened, EventEmitter, Uri, workspace } from "../../../support/fakeVscode.ts";

const uri = Uri.from(toReviewUri({ hostId: "h", sessionId: "s", oid: "c".repeat(40), path: "a.ts" }));

/** A document that was read while its host was away. */
async function aWaitingDocument() {
  const hostsChanged = new EventEmitter<unknown>();
  const host = { state: { kind: "connecting" } };
  const hosts = { get: () => host, onDidChange: hostsChanged.event };
  const temporary: RevisionText = { text: "It loads when the host is back.", kind: "temporary" };
  const content = new ReviewContent({ read: async () => temporary }, hosts as never);
  const again: string[] = [];
  content.onDidChange((changed) => void again.push(changed.toString()));
  await content.provideTextDocumentContent(uri as never);
  return {
    again,
    hostIsBack: () => {
      host.state.kind = "live";
      hostsChanged.fire({ changed: ["h"] });
    },
    opened: () => {
      workspace.textDocuments.push({ uri });
      fakeDocumentOpened.fire({ uri });
    },
  };
}

afterEach(() => void workspace.textDocuments.splice(0));

it("reads a document again when its host is back", async () => {
  const { again, hostIsBack, opened } = await aWaitingDocument();
  opened();
  expect(again).toEqual([]);
  hostIsBack();
  hostIsBack();
  expect(again).toEqual([uri.toString()]);
});

it("reads a document again that the editor opens only after its host is back", async () => {
  const { again, hostIsBack, opened } = await aWaitingDocument();
  hostIsBack();
  expect(again).toEqual([]);
  opened();
  expect(again).toEqual([uri.toString()]);
});
