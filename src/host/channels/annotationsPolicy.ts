import type { StateAction } from "../../protocol/actions.ts";
import type { AnnotationsState } from "../../protocol/annotations.ts";

/** A reader gets all annotations of a session in one message. */
const maxStateChars = 2_000_000;
const maxActionChars = 200_000;

/** Why a client may not change a session's annotations like this, as a sentence; undefined if it may. */
export function refuseAnnotationsAction(state: AnnotationsState, action: StateAction): string | undefined {
  switch (action.type) {
    case "annotations/set":
      return refuseSize(state, action);
    case "annotations/entrySet":
      return refuseUnknown(state, action.annotationId) ?? refuseSize(state, action);
    case "annotations/updated":
      return refuseUnknown(state, action.annotationId) ?? refuseSize(state, action);
    case "annotations/removed":
    case "annotations/entryRemoved":
      return refuseUnknown(state, action.annotationId);
    default:
      return "This host does not offer that.";
  }
}

function refuseUnknown({ annotations }: AnnotationsState, id: string): string | undefined {
  return annotations.some((annotation) => annotation.id === id) ? undefined : "That comment is not there any more.";
}

function refuseSize(state: AnnotationsState, action: StateAction): string | undefined {
  const added = JSON.stringify(action).length;
  if (added > maxActionChars) return "That comment is too long. Write a shorter one.";
  return JSON.stringify(state).length + added > maxStateChars
    ? "This session holds as many comments as a host keeps. Remove some that are resolved."
    : undefined;
}
