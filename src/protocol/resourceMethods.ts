import * as z from "zod/mini";
import { loose, Meta, openEnum, opt, Uri } from "./schema.ts";

/** Requests about files. A client may send them to a host and a host to a client, so they are a table of their own. */

const onRoot = { channel: opt(Uri), _meta: opt(Meta) };
const done = z.unknown();
const globs = opt(loose({ items: z.array(z.string()) }));

export const ContentEncoding = z.enum(["utf-8", "base64"]);
export type ContentEncoding = z.infer<typeof ContentEncoding>;

export const FileMethods = {
  /** Whole content only. What is too large is answered by -32009. */
  resourceRead: {
    params: loose({ ...onRoot, uri: Uri, encoding: opt(ContentEncoding) }),
    result: loose({ data: z.string(), encoding: openEnum(ContentEncoding.options), contentType: opt(z.string()) }),
  },
  resourceWrite: {
    params: loose({
      ...onRoot,
      uri: Uri,
      data: z.string(),
      encoding: ContentEncoding,
      contentType: opt(z.string()),
      createOnly: opt(z.boolean()),
      /** truncate, append or insert (at `position`). */
      mode: opt(z.string()),
      position: opt(z.number()),
      /** Fails with -32011 unless the file's etag is this one. */
      ifMatch: opt(z.string()),
    }),
    result: done,
  },
  resourceList: {
    params: loose({ ...onRoot, uri: Uri }),
    result: loose({ entries: z.array(loose({ name: z.string(), type: z.string() })) }),
  },
  resourceCopy: {
    params: loose({ ...onRoot, source: Uri, destination: Uri, failIfExists: opt(z.boolean()) }),
    result: done,
  },
  resourceMove: {
    params: loose({ ...onRoot, source: Uri, destination: Uri, failIfExists: opt(z.boolean()) }),
    result: done,
  },
  resourceDelete: { params: loose({ ...onRoot, uri: Uri, recursive: opt(z.boolean()) }), result: done },
  resourceResolve: {
    params: loose({ ...onRoot, uri: Uri, followSymlinks: opt(z.boolean()) }),
    /** `type` is file, directory or symlink; `size` in bytes; times in milliseconds since the Unix epoch. */
    result: loose({
      uri: Uri,
      type: z.string(),
      size: opt(z.number()),
      mtime: z.optional(z.unknown()),
      ctime: z.optional(z.unknown()),
      contentType: opt(z.string()),
      etag: opt(z.string()),
    }),
  },
  resourceMkdir: { params: loose({ ...onRoot, uri: Uri }), result: done },
  /** Asks for a grant; refused with -32009. */
  resourceRequest: {
    params: loose({ ...onRoot, uri: Uri, read: opt(z.boolean()), write: opt(z.boolean()) }),
    result: done,
  },
  /** The watch lives until its last subscriber leaves `channel`. */
  createResourceWatch: {
    params: loose({ ...onRoot, uri: Uri, recursive: opt(z.boolean()), excludes: globs, includes: globs }),
    result: loose({ channel: Uri }),
  },
} as const;
