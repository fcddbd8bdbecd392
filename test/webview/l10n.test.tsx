import { render, screen } from "@testing-library/preact";
import { expect, it } from "vitest";

it("a page speaks the language of the texts that it is given, and English where one is missing", async () => {
  document.body.dataset["texts"] = JSON.stringify({ Reconnect: "Neu verbinden", "{0} ago": "vor {0}" });
  // The texts are read once, by the page's first script.
  const { Notes } = await import("../../src/webview/report/Notes.tsx");
  const { t } = await import("../../src/webview/kit/l10n.ts");
  render(<Notes notes={[{ text: "farm ist nicht verbunden.", hostId: "a" }]} reconnect={() => undefined} />);
  expect(screen.getByRole("button", { name: "Neu verbinden" })).toBeTruthy();
  expect([t("{0} ago", "3m"), t("just now")]).toEqual(["vor 3m", "just now"]);
});
