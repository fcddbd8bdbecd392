import { AppError } from "../../base/appError.ts";
import { systemReason } from "../systemReason.ts";

/** What a command threw, as the sentence that it ends with: also what the operating system refused, with the file. */
export function failureOf(error: unknown): AppError {
  if (AppError.is(error)) return error;
  const file = error instanceof Error && "path" in error ? `${String(error.path)}: ` : "";
  return new AppError("internal", `The command failed. ${file}${systemReason(error)}.`, { cause: error });
}
