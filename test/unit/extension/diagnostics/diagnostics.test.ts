import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import {
  type DiagnosticFacts,
  type HostFacts,
  renderDiagnostics,
} from "../../../../src/extension/diagnostics/diagnostics.ts";
import { OutputLogger } from "../../../../src/extension/platform/logger.ts";
import { plantedSecrets } from "../../../support/plantedSecrets.ts";

const host: HostFacts = {
  url: "wss://farm.example:4517/agents",
  software: "muster-host 0.1.0",
  state: { kind: "live", attempt: 1, sinceMs: 0 },
  protocolVersion: "0.9.0",
  fleetVersion: 1,
  agents: 12,
};

function facts(changes: Partial<DiagnosticFacts> = {}): DiagnosticFacts {
  return {
    versions: { Muster: "0.1.0", "Visual Studio Code": "1.110.0" },
    hosts: [host],
    counts: { needsYou: 2, working: 10 },
    settings: { "notifications.level": "off" },
    problems: [],
    ...changes,
  };
}

/** A log like the product's, and what it holds for a report. */
function aLog() {
  const written: string[] = [];
  const write = (line: string) => void written.push(line);
  const logger = new OutputLogger({ debug: write, info: write, warn: write, error: write, show() {}, dispose() {} });
  return { logger, written };
}

describe("diagnostics", () => {
  it("say which versions meet, what state each host is in and what went wrong last", () => {
    const error = new AppError("host.incompatible", "farm speaks AHP 3.0. Update Muster.");
    const text = renderDiagnostics(
      facts({
        hosts: [host, { ...host, url: "ws://127.0.0.1:9", state: { kind: "refused", error }, fleetVersion: undefined }],
        problems: ["2026-01-01T00:00:00.000Z [error] [host.x] socket closed"],
      }),
    );
    expect(text).toContain("- Muster: 0.1.0");
    expect(text).toContain("- wss://farm.example:4517 (muster-host 0.1.0): live; AHP 0.9.0, fleet 1, 12 agents");
    expect(text).toContain("refused (host.incompatible: farm speaks AHP 3.0. Update Muster.)");
    expect(text).toContain("no fleet plane");
    expect(text).toContain("- needsYou: 2");
    expect(text).toContain("- notifications.level: off");
    expect(text).toContain("socket closed");
  });

  it("hold no credential, wherever it came from", () => {
    const { logger } = aLog();
    for (const { format, text, secret } of plantedSecrets()) {
      logger.child("host").warn("refused", { reason: text });
      const error = new AppError("host.unreachable", text);
      const report = renderDiagnostics(
        facts({
          versions: { Muster: text },
          hosts: [
            { ...host, url: `wss://me:${secret}@farm.example/${secret}?tkn=${secret}#${secret}` },
            { ...host, software: text, state: { kind: "waiting", attempt: 2, retryAtMs: 0, error } },
          ],
          settings: { "github.servers": [{ host: "h", apiUrl: `https://u:${secret}@h.example`, note: text }] },
          problems: logger.problems,
        }),
      );
      expect(report, format).not.toContain(secret);
    }
  });

  it("keep the latest problems of all parts of the program, whatever the log's level", () => {
    const { logger } = aLog();
    logger.info("nothing of note");
    for (let index = 0; index < 60; index++) logger.child(`part${index}`).error("failed", { index });
    expect(logger.problems).toHaveLength(50);
    expect(logger.problems[0]).toMatch(/^\d{4}-.*\[error\] \[part10\] failed \{"index":10\}$/);
    expect(logger.problems.at(-1)).toContain("[part59]");
  });
});
