import { AppError } from "../base/appError.ts";
import { toLine } from "../base/visibleText.ts";
import { errorDataOf } from "../protocol/errorData.ts";
import { fleetAdvertisementOf } from "../protocol/fleet.ts";
import { RPC } from "../protocol/jsonrpc.ts";
import type { InitializeResult } from "../protocol/methods.ts";
import { CLIENT_VERSIONS } from "../protocol/versions.ts";
import type { HostInfo } from "./client.ts";

/** What a host said of itself. */
export function toHostInfo(result: InitializeResult): HostInfo {
  return {
    protocolVersion: result.protocolVersion,
    name: result.serverInfo?.title ?? result.serverInfo?.name,
    version: result.serverInfo?.version,
    defaultDirectory: result.defaultDirectory,
    fleet: fleetAdvertisementOf(result),
  };
}

/** `_meta` of an answer whose schema does not name it. */
export function metaOf(value: unknown): Record<string, unknown> | undefined {
  const meta: unknown = typeof value === "object" && value !== null && "_meta" in value ? value._meta : undefined;
  return typeof meta === "object" && meta !== null ? { ...meta } : undefined;
}

/** The refusal of every version we offer, as a sentence; any other error as it is. */
export function describeVersions(error: unknown): unknown {
  if (!AppError.is(error, "host.incompatible") || error.details["rpcCode"] !== RPC.versionMismatch) return error;
  return incompatible(errorDataOf(RPC.versionMismatch, error.details)?.supportedVersions ?? []);
}

export function incompatible(theirs: readonly string[]): AppError {
  const named = theirs.slice(0, 5).map((version) => toLine(version, 40));
  return new AppError(
    "host.incompatible",
    "The host speaks version {0} of the agent host protocol, Muster speaks {1}. Update the older of the two.",
    { values: [named.join(", ") || "?", CLIENT_VERSIONS.join(", ")] },
  );
}
