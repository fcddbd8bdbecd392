import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ListenOptions } from "../gateway/listening.ts";
import { checkListening } from "../gateway/listening.ts";
import { systemReason } from "../systemReason.ts";
import type { Finding } from "./finding.ts";

const soonMs = 14 * 24 * 60 * 60 * 1_000;

/** Whether the host would listen where it is told to, and with a certificate that clients accept for a while. */
export function checkGateway(options: ListenOptions, nowMs: number): Finding[] {
  try {
    checkListening(options);
  } catch (error) {
    return [{ check: "gateway", state: "missing", text: `gateway: ${systemReason(error)}` }];
  }
  return options.tls === undefined ? [] : [checkCertificate(options.tls, nowMs)];
}

function checkCertificate({ cert, key }: NonNullable<ListenOptions["tls"]>, nowMs: number): Finding {
  const told = (state: Finding["state"], text: string, details?: Finding["details"]): Finding => ({
    check: "certificate",
    state,
    text: `certificate: ${text}`,
    ...(details && { details }),
  });
  try {
    const certificate = new X509Certificate(readFileSync(cert));
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(key)))) {
      return told("missing", `${key} is not the key of ${cert}. Give the two that belong together.`);
    }
    const endsMs = certificate.validToDate.getTime();
    const day = certificate.validToDate.toISOString().slice(0, 10);
    const details = { validTo: certificate.validToDate.toISOString() };
    if (endsMs <= nowMs) return told("missing", `${cert} ended on ${day}. Renew it.`, details);
    if (endsMs - nowMs < soonMs) return told("warning", `${cert} ends on ${day}. Renew it.`, details);
    return told("ok", `good until ${day}`, details);
  } catch (error) {
    return told("missing", `${cert} and its key ${key} can't be used: ${systemReason(error)}.`);
  }
}
