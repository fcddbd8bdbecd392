import type { AcpChoices } from "./acpMessages.ts";
import { type AcpPeer, type InitializeResponse, isAuthRequired } from "./acpPeer.ts";

type AuthMethods = InitializeResponse["authMethods"];

/**
 * A conversation of an agent that may want to be told which of its keys to use: a sign-in by a variable that it names and
 * has is chosen for it. Rejects with the agent's own refusal when it offers no such sign-in.
 */
export async function newConversation(
  peer: AcpPeer,
  root: string,
  methods: AuthMethods,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly id: string; readonly choices: AcpChoices }> {
  try {
    return await peer.newSession(root);
  } catch (error) {
    const method = isAuthRequired(error) ? methodByKey(methods, environment) : undefined;
    if (method === undefined) throw error;
    await peer.authenticate(method);
    return await peer.newSession(root);
  }
}

function methodByKey(methods: AuthMethods, environment: Readonly<Record<string, string>>): string | undefined {
  const keys = Object.keys(environment).filter((name) => /KEY|TOKEN/.test(name) && environment[name] !== "");
  const names = ({ id, name, description }: NonNullable<AuthMethods>[number]) => [id, name, description].join(" ");
  return methods?.find((method) => {
    const words = new Set(names(method).split(/\W+/));
    return keys.some((key) => words.has(key));
  })?.id;
}
