import * as z from "zod/mini";
import type { ReviewFeedback } from "./pullRequestPort.ts";

/** What only GitHub's GraphQL has: which threads are resolved, resolving them, and the end of a draft. */

export const feedbackQuery = `query ($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      reviewThreads(first: 100) {
        nodes {
          id
          isResolved
          isOutdated
          path
          line
          comments(first: 30) {
            nodes {
              author { login }
              body
              diffHunk
            }
          }
        }
      }
      latestReviews(first: 30) {
        nodes {
          author { login }
          body
          state
        }
      }
    }
  }
}`;

export const replyMutation = `mutation ($thread: ID!, $body: String!) {
  addPullRequestReviewThreadReply(input: { pullRequestReviewThreadId: $thread, body: $body }) {
    comment { id }
  }
}`;

export const resolveMutation = `mutation ($thread: ID!) {
  resolveReviewThread(input: { threadId: $thread }) {
    thread { id isResolved }
  }
}`;

export const readyMutation = `mutation ($pull: ID!) {
  markPullRequestReadyForReview(input: { pullRequestId: $pull }) {
    pullRequest { id isDraft }
  }
}`;

/** GitHub's lists may hold nothing in the place of what one may not see. */
const nodesOf = <T>(node: z.ZodMiniType<T>) => z.looseObject({ nodes: z.nullish(z.array(z.nullable(node))) });
/** `null` for an account that is gone. */
const Author = z.nullish(z.looseObject({ login: z.string() }));
const Comment = z.looseObject({ author: Author, body: z.string(), diffHunk: z.string() });
const Thread = z.looseObject({
  id: z.string(),
  isResolved: z.boolean(),
  isOutdated: z.boolean(),
  path: z.string(),
  line: z.nullish(z.number()),
  comments: nodesOf(Comment),
});
const Review = z.looseObject({ author: Author, body: z.string(), state: z.string() });

export const FeedbackAnswer = z.looseObject({
  repository: z.looseObject({
    pullRequest: z.looseObject({ reviewThreads: nodesOf(Thread), latestReviews: z.nullish(nodesOf(Review)) }),
  }),
});

export function toFeedback({ repository }: z.infer<typeof FeedbackAnswer>): ReviewFeedback {
  const { reviewThreads, latestReviews } = repository.pullRequest;
  const threads = present(reviewThreads.nodes).filter((thread) => !thread.isResolved);
  const reviews = present(latestReviews?.nodes).filter(
    ({ body, state }) => body.trim() !== "" && state !== "DISMISSED",
  );
  return {
    threads: threads.map(({ id, path, line, isOutdated, comments }) => ({
      id,
      path,
      line: line ?? undefined,
      isOutdated,
      diffHunk: present(comments.nodes)[0]?.diffHunk ?? "",
      comments: present(comments.nodes).map(({ author, body }) => ({ author: author?.login ?? "ghost", body })),
    })),
    summaries: reviews.map(({ author, body }) => ({ author: author?.login ?? "ghost", body })),
  };
}

function present<T>(nodes: readonly (T | null)[] | null | undefined): readonly T[] {
  return (nodes ?? []).filter((node) => node !== null);
}
