import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { untranslated } from "../../../../src/base/l10n.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { ErrorPresenter, PRESENTATIONS, sentenceOf } from "../../../../src/extension/platform/presentError.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

interface Shown {
  readonly severity: "error" | "warning";
  readonly text: string;
  readonly buttons: readonly string[];
}

function aPresenter(press?: string, t = untranslated) {
  const shown: Shown[] = [];
  const done: string[] = [];
  const clock = new FakeClock();
  const note = (severity: Shown["severity"]) => async (text: string, buttons: readonly string[]) => {
    shown.push({ severity, text, buttons });
    return shown.length === 1 ? press : undefined;
  };
  const presenter = new ErrorPresenter(
    { showError: note("error"), showWarning: note("warning") },
    {
      showLog: () => done.push("showLog"),
      addHost: () => done.push("addHost"),
      editHost: () => done.push("editHost"),
      signIn: () => done.push("signIn"),
      refresh: () => done.push("refresh"),
      replaceToken: () => done.push("replaceToken"),
      gitHubServers: () => done.push("gitHubServers"),
      updateMuster: () => done.push("updateMuster"),
      copyCheck: () => done.push("copyCheck"),
    },
    silentLogger,
    clock,
    t,
  );
  return { presenter, shown, done, clock };
}

describe("presenting errors", () => {
  it("has a plain sentence for every code, which says what to do", () => {
    for (const [code, { sentence, severity }] of Object.entries(PRESENTATIONS)) {
      expect(sentence, code).toMatch(/^[A-Z].*\.$/s);
      if (severity !== "none") expect(sentence.split(/[.;] /).length, code).toBeGreaterThan(1);
      expect(sentence, code).not.toMatch(/Error:|undefined|\bat .*:\d+/);
    }
  });

  it("says what was attempted and the failure's own sentence, with the buttons of its code", async () => {
    const { presenter, shown } = aPresenter();
    await presenter.present(new AppError("host.unauthorized", "farm did not accept the token."), "add the host");
    expect(shown).toEqual([
      {
        severity: "error",
        text: "Couldn't add the host: farm did not accept the token.",
        buttons: ["Replace Token…", "Edit Host…", "Show Log"],
      },
    ]);
  });

  it("hides the text of an error that nobody wrote for people", async () => {
    const { presenter, shown } = aPresenter();
    await presenter.present(new TypeError("x is undefined at foo.ts:12"), "open the agent");
    expect(shown[0]?.text).toBe(`Couldn't open the agent: ${PRESENTATIONS.internal.sentence}`);
    expect(sentenceOf(new AppError("internal", "TypeError: boom"), untranslated)).toBe(PRESENTATIONS.internal.sentence);
  });

  it("translates a failure's own sentence and fills in its values then", async () => {
    const german = (message: string, ...args: (string | number)[]) =>
      untranslated(message === "{0} does not answer." ? "Keine Antwort von {0}." : message, ...args);
    const failure = new AppError("host.unreachable", "{0} does not answer.", { values: ["farm"] });
    expect(failure.message).toBe("farm does not answer.");
    expect(sentenceOf(failure, german)).toBe("Keine Antwort von farm.");
    const { presenter, shown } = aPresenter(undefined, german);
    await presenter.present(failure, "reconnect the host");
    expect(shown[0]?.text).toBe("Couldn't reconnect the host: Keine Antwort von farm.");
  });

  it("takes what a host says for a sentence, not for one with places to fill", () => {
    expect(sentenceOf(new AppError("conflict", "Look at {0}."), untranslated)).toBe("Look at {0}.");
  });

  it("says nothing when the person cancelled", async () => {
    const { presenter, shown } = aPresenter();
    const cancelled = new Error("Canceled");
    cancelled.name = "Canceled";
    await presenter.present(cancelled, "launch");
    await presenter.present(new AppError("cancelled", "You cancelled it."), "launch");
    expect(shown).toEqual([]);
  });

  it("runs the operation again on Try Again, and presents what then fails", async () => {
    const { presenter, shown } = aPresenter("Try Again");
    let runs = 0;
    const retry = async () => {
      runs += 1;
      throw new AppError("timeout", "The host took too long again.");
    };
    await presenter.present(new AppError("timeout", "The host took too long."), "stop the agent", { retry });
    expect(runs).toBe(1);
    expect(shown.map(({ text }) => text)).toEqual([
      "Couldn't stop the agent: The host took too long.",
      "Couldn't stop the agent: The host took too long again.",
    ]);
  });

  it("does not offer to try again what cannot be run again", async () => {
    const { presenter, shown } = aPresenter();
    await presenter.present(new AppError("timeout", "Too long."), "stop the agent");
    expect(shown[0]?.buttons).not.toContain("Try Again");
  });

  it("shows the same failure of a background loop once in half a minute", async () => {
    const { presenter, shown, clock } = aPresenter();
    const failure = new AppError("host.unreachable", "farm cannot be reached.");
    await presenter.present(failure, "connect", { isBackground: true });
    await clock.advance(29_000);
    await presenter.present(failure, "connect", { isBackground: true });
    expect(shown).toHaveLength(1);
    await clock.advance(2_000);
    await presenter.present(failure, "connect", { isBackground: true });
    expect(shown).toHaveLength(2);
  });

  it("shows a peer's text without icons, line breaks or invisible characters", async () => {
    const { presenter, shown } = aPresenter();
    await presenter.present(new AppError("agent.failed", "bad $(check)\nname\u202e."), "go on");
    expect(shown[0]?.text).toBe("Couldn't go on: bad $\u200b(check) name‹U+202E›.");
  });

  it("speaks the person's language, buttons and the failure's own sentence too", async () => {
    const german: Record<string, string> = {
      "Couldn't {0}: {1}": "{0} ging nicht: {1}",
      "launch the agent": "Starten",
      "No layer.": "Keine Schicht.",
      "Copy Check Command": "Befehl kopieren",
    };
    const { presenter, shown, done } = aPresenter("Befehl kopieren", (text, ...args) =>
      untranslated(german[text] ?? text, ...args),
    );
    await presenter.present(new AppError("isolation.missing", "No layer."), "launch the agent");
    expect(shown).toMatchObject([
      { text: "Starten ging nicht: Keine Schicht.", buttons: ["Befehl kopieren", "Show Log"] },
    ]);
    expect(done).toEqual(["copyCheck"]);
  });
});
