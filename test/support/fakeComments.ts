import type { Range, Uri } from "./fakeVscode.ts";

interface Note {
  readonly author: { readonly name: string };
  readonly label?: string | undefined;
  body: string;
  mode: number;
}

/** A thread of comments, with the members that an extension sets. */
export class FakeCommentThread {
  readonly uri: Uri;
  range: Range | undefined;
  comments: readonly Note[];
  label = "";
  contextValue = "";
  state = 0;
  canReply = true;
  collapsibleState = 0;
  isDisposed = false;

  constructor(uri: Uri, range: Range | undefined, comments: readonly Note[] = []) {
    this.uri = uri;
    this.range = range;
    this.comments = comments;
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

/** What `createCommentController` answers with; holds the threads that were made. */
export class FakeCommentController {
  readonly #threads: FakeCommentThread[] = [];
  commentingRangeProvider: unknown;
  options: unknown;

  /** Those that are shown. */
  get threads(): readonly FakeCommentThread[] {
    return this.#threads.filter(({ isDisposed }) => !isDisposed);
  }

  createCommentThread(uri: Uri, range: Range, comments: readonly Note[]): FakeCommentThread {
    const thread = new FakeCommentThread(uri, range, comments);
    this.#threads.push(thread);
    return thread;
  }

  dispose(): void {
    for (const thread of this.#threads) thread.dispose();
  }
}
