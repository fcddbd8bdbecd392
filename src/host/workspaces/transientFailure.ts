import type { AppError } from "../../base/appError.ts";
import { GitError } from "./gitFailure.ts";

/** What git and its transports say when the same command may work a moment later. */
const passing: readonly RegExp[] = [
  // the network
  /Connection refused|Failed to connect|Connection timed out|Connection reset|Network is unreachable|No route to host/i,
  /Could not resolve host|Temporary failure in name resolution|Name or service not known/i,
  /early EOF|unexpected disconnect|remote end hung up|Empty reply from server|RPC failed|transfer closed/i,
  /Operation timed out|Operation too slow|SSL_ERROR_SYSCALL|gnutls_handshake\(\) failed|TLS connection was non-properly/i,
  // the server
  /returned error: (?:408|429|5\d\d)|HTTP (?:408|429|5\d\d)/,
  // this machine
  /Unable to create '[^']*\.lock'|cannot lock ref|could not lock|index\.lock/i,
  /No space left on device|Disk quota exceeded|Resource temporarily unavailable|Cannot allocate memory/i,
];
const passingCodes = new Set(["ENOSPC", "EDQUOT", "EAGAIN", "EMFILE", "ENFILE", "ENOMEM", "EBUSY"]);

/**
 * Is it worth trying again without anybody changing anything? A sign-in, an address, a branch or an isolation that is
 * missing is not, nor is a repository that is too large.
 */
export function isTransient(failure: AppError): boolean {
  if (failure.code !== "repository.cloneFailed" && failure.code !== "internal" && failure.code !== "timeout")
    return false;
  const { cause } = failure;
  if (cause instanceof GitError) {
    const { ended, stderr } = cause.failure;
    if (ended !== undefined) return ended === "timeout";
    return passing.some((pattern) => pattern.test(stderr));
  }
  return cause instanceof Error && "code" in cause && passingCodes.has(String(cause.code));
}
