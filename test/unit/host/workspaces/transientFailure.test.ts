import { expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { GitError } from "../../../../src/host/workspaces/gitFailure.ts";
import { isTransient } from "../../../../src/host/workspaces/transientFailure.ts";

const failed = (stderr: string, ended?: "timeout" | "tooLarge" | "cancelled") =>
  new AppError("repository.cloneFailed", "Couldn't clone", {
    cause: new GitError("fetch", { exitCode: 128, stdout: "", stderr, ...(ended && { ended }) }),
  });

it.each([
  "fatal: unable to access 'https://git.example/': Failed to connect to git.example port 443",
  "fatal: unable to access 'https://git.example/': Could not resolve host: git.example",
  "fatal: unable to access 'https://git.example/': The requested URL returned error: 503",
  "error: RPC failed; HTTP 502 curl 22",
  "fatal: the remote end hung up unexpectedly\nfatal: early EOF",
  "fatal: Unable to create '/data/mirrors/a.git/packed-refs.lock': File exists.",
  "error: cannot lock ref 'refs/heads/main'",
  "fatal: write error: No space left on device",
  "ssh: connect to host git.example port 22: Connection timed out",
])("may pass: %s", (stderr) => {
  expect(isTransient(failed(stderr))).toBe(true);
});

it.each([
  "fatal: Authentication failed for 'https://git.example/'",
  "remote: Repository not found.\nfatal: repository 'https://git.example/' not found",
  "fatal: unable to access 'https://git.example/': The requested URL returned error: 403",
  "fatal: unable to access 'https://git.example/': The requested URL returned error: 404",
  "fatal: unable to access 'https://git.example/': SSL certificate problem: self-signed certificate",
  "git@git.example: Permission denied (publickey).",
  "fatal: detected dubious ownership in repository",
])("does not pass: %s", (stderr) => {
  expect(isTransient(failed(stderr))).toBe(false);
});

it("is told by how the command ended, and by the operating system", () => {
  expect(isTransient(failed("", "timeout"))).toBe(true);
  expect(isTransient(failed("early EOF", "tooLarge"))).toBe(false);
  expect(isTransient(failed("early EOF", "cancelled"))).toBe(false);
  const full = new AppError("internal", "Couldn't prepare", {
    cause: Object.assign(new Error("full"), { code: "ENOSPC" }),
  });
  expect(isTransient(full)).toBe(true);
  expect(isTransient(new AppError("repository.cloneFailed", "There is no such branch."))).toBe(false);
  expect(isTransient(new AppError("isolation.missing", "bwrap is missing.", { cause: full.cause }))).toBe(false);
  expect(isTransient(new AppError("auth.required", "Sign in.", { cause: failed("early EOF").cause }))).toBe(false);
});
