import { schema } from "@octokit/graphql-schema";
import { buildSchema, graphql, type GraphQLSchema } from "graphql";
import * as z from "zod/mini";
import { type Answer, okAnswer } from "./answers.ts";
import {
  canRead,
  canWrite,
  type GitHubRepository,
  type GitHubState,
  type GitHubUser,
  type Pull,
} from "./gitHubState.ts";
import { pullNodeId } from "./resources.ts";

const Body = z.looseObject({ query: z.string(), variables: z.optional(z.record(z.string(), z.unknown())) });

let published: GraphQLSchema | undefined;

/** GitHub's published schema (npm `@octokit/graphql-schema`). 1.2 MB, so it is read once for each process, when asked for. */
function gitHubSchema(): GraphQLSchema {
  return (published ??= buildSchema(schema.idl, { assumeValid: true }));
}

export interface GraphQlCall {
  readonly state: GitHubState;
  readonly user: GitHubUser;
  readonly now: number;
}

/** An error as GitHub's GraphQL has it: beside its message a type. */
class TypedError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/**
 * Answers the few fields of GitHub's GraphQL that this GitHub has. The query is held against the published schema, and so
 * is what it is answered.
 */
export async function answerGraphQl(
  call: GraphQlCall,
  body: unknown,
): Promise<{ readonly answer: Answer; readonly problems: readonly string[] }> {
  const parsed = Body.safeParse(body);
  if (!parsed.success)
    return { answer: { status: 400, body: { message: "Problems parsing JSON" } }, problems: ["no query"] };
  const { query, variables = {} } = parsed.data;
  const rootValue = { ...queries(call), ...mutations(call) };
  const result = await graphql({ schema: gitHubSchema(), source: query, variableValues: variables, rootValue });
  const errors = result.errors?.map(({ message, path, originalError }) => {
    const type = originalError instanceof TypedError ? originalError.type : undefined;
    return { ...(type && { type }), ...(path && { path }), message };
  });
  // What was not refused for a reason of ours does not fit the schema.
  const problems = (errors ?? []).filter((error) => !("type" in error)).map(({ message }) => `GraphQL: ${message}`);
  return { answer: okAnswer({ data: result.data ?? null, ...(errors && { errors }) }), problems };
}

function queries(call: GraphQlCall) {
  return {
    repository: ({ owner, name }: { owner: string; name: string }) => {
      const repository = call.state.repository(owner, name);
      if (repository === undefined || !canRead(repository, call.user)) {
        throw new TypedError("NOT_FOUND", `Could not resolve to a Repository with the name '${owner}/${name}'.`);
      }
      return {
        pullRequest: ({ number }: { number: number }) => {
          const pull = repository.pulls.get(number);
          if (pull !== undefined) return shownPull(repository, pull);
          throw new TypedError("NOT_FOUND", `Could not resolve to a PullRequest with the number of ${number}.`);
        },
      };
    },
  };
}

function shownPull(repository: GitHubRepository, pull: Pull) {
  const author = ({ login }: GitHubUser) => ({ __typename: "User", login });
  return {
    id: pullNodeId(repository, pull),
    isDraft: pull.draft,
    reviewThreads: {
      nodes: pull.threads.map((thread) => ({
        ...thread,
        id: threadNodeId(thread.id),
        comments: {
          nodes: thread.comments.map(({ user, body }) => ({ author: author(user), body, diffHunk: thread.diffHunk })),
        },
      })),
    },
    latestReviews: { nodes: pull.reviews.map(({ user, body, state }) => ({ author: author(user), body, state })) },
  };
}

interface ThreadInput {
  readonly input: { readonly threadId?: string; readonly pullRequestReviewThreadId?: string; readonly body?: string };
}

function mutations(call: GraphQlCall) {
  const threadOf = (id: string | undefined) => {
    const writable = call.state.repositories.filter((repository) => canWrite(repository, call.user));
    const threads = writable.flatMap(({ pulls }) => Array.from(pulls.values()).flatMap((pull) => pull.threads));
    const found = threads.find((thread) => threadNodeId(thread.id) === id);
    if (found === undefined) throw new TypedError("NOT_FOUND", "Could not resolve to a node with the global id.");
    return found;
  };
  return {
    resolveReviewThread: ({ input }: ThreadInput) => {
      const thread = threadOf(input.threadId);
      thread.isResolved = true;
      return { thread: { id: input.threadId, isResolved: true } };
    },
    addPullRequestReviewThreadReply: ({ input }: ThreadInput) => {
      const thread = threadOf(input.pullRequestReviewThreadId);
      const id = call.state.nextId();
      const createdAt = new Date(call.now).toISOString();
      thread.comments.push({ id, user: call.user, body: input.body ?? "", createdAt });
      return { comment: { id: `PRRC_${id}` } };
    },
    markPullRequestReadyForReview: ({ input }: { input: { pullRequestId: string } }) => {
      for (const repository of call.state.repositories) {
        const pull = Array.from(repository.pulls.values()).find(
          (one) => pullNodeId(repository, one) === input.pullRequestId,
        );
        if (pull === undefined) continue;
        if (!canWrite(repository, call.user)) throw new TypedError("FORBIDDEN", "You may not do that.");
        pull.draft = false;
        pull.updatedAt = new Date(Math.max(call.now, Date.parse(pull.updatedAt) + 1000)).toISOString();
        return { pullRequest: shownPull(repository, pull) };
      }
      throw new TypedError("NOT_FOUND", "Could not resolve to a node with the global id.");
    },
  };
}

function threadNodeId(id: number): string {
  return `PRRT_${id}`;
}
