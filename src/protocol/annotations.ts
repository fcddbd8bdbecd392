import * as z from "zod/mini";
import { TextRange } from "./content.ts";
import { type ActionOf, defineActions, loose, Meta, opt, set, type UnknownAction, upsert, Uri } from "./schema.ts";

export const AnnotationEntry = loose({ id: z.string(), text: z.string(), _meta: opt(Meta) });
export type AnnotationEntry = z.infer<typeof AnnotationEntry>;

export const AnnotationOrigin = loose({ session: Uri, chat: opt(Uri), turnId: opt(z.string()) });
export type AnnotationOrigin = z.infer<typeof AnnotationOrigin>;

/** A thread of remarks on a place in a file. The client that opens it mints the ids. */
export const Annotation = loose({
  id: z.string(),
  origin: opt(AnnotationOrigin),
  resource: Uri,
  /** Absent: the whole file. */
  range: opt(TextRange),
  resolved: z.boolean(),
  entries: z.array(AnnotationEntry),
  _meta: opt(Meta),
});
export type Annotation = z.infer<typeof Annotation>;

export const AnnotationsState = loose({ annotations: z.array(Annotation) });
export type AnnotationsState = z.infer<typeof AnnotationsState>;

export const annotationsActions = defineActions({
  "annotations/set": { annotation: Annotation },
  "annotations/updated": {
    annotationId: z.string(),
    origin: opt(AnnotationOrigin),
    resource: opt(Uri),
    range: opt(TextRange),
    resolved: opt(z.boolean()),
  },
  "annotations/removed": { annotationId: z.string() },
  "annotations/entrySet": { annotationId: z.string(), entry: AnnotationEntry },
  "annotations/entryRemoved": { annotationId: z.string(), entryId: z.string() },
});
export type AnnotationsAction = ActionOf<typeof annotationsActions>;

export function reduceAnnotations(
  state: AnnotationsState,
  action: AnnotationsAction | UnknownAction,
): AnnotationsState {
  switch (action.type) {
    case "annotations/set":
      return set(state, {
        annotations: upsert(state.annotations, action.annotation, (annotation) => annotation.id),
      });
    case "annotations/updated": {
      const { annotationId, origin, resource, range, resolved } = action;
      return updateAnnotation(state, annotationId, (annotation) =>
        set(annotation, {
          origin: origin ?? annotation.origin,
          resource: resource ?? annotation.resource,
          range: range ?? annotation.range,
          resolved: resolved ?? annotation.resolved,
        }),
      );
    }
    case "annotations/removed":
      return set(state, {
        annotations: state.annotations.filter((annotation) => annotation.id !== action.annotationId),
      });
    case "annotations/entrySet":
      return updateAnnotation(state, action.annotationId, (annotation) =>
        set(annotation, { entries: upsert(annotation.entries, action.entry, (entry) => entry.id) }),
      );
    case "annotations/entryRemoved":
      return updateAnnotation(state, action.annotationId, (annotation) =>
        set(annotation, { entries: annotation.entries.filter((entry) => entry.id !== action.entryId) }),
      );
    case "(unknown)":
    default:
      return state;
  }
}

function updateAnnotation(
  state: AnnotationsState,
  id: string,
  update: (annotation: Annotation) => Annotation,
): AnnotationsState {
  const index = state.annotations.findIndex((annotation) => annotation.id === id);
  const annotation = state.annotations[index];
  return annotation ? set(state, { annotations: state.annotations.with(index, update(annotation)) }) : state;
}
