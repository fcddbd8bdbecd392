import { describe, expect, it } from "vitest";
import { Conversation } from "./conversation.ts";

describe("what the agent says of itself", () => {
  const abouts = ({ events }: Conversation) =>
    events.flatMap((event) => (event.channel === "about" ? [event.about] : []));

  it("is told when it changes, in or out of a turn, and no more often", () => {
    const commands = {
      sessionUpdate: "available_commands_update",
      availableCommands: [{ name: "a", description: "A\nb" }],
    };
    const mode = { sessionUpdate: "current_mode_update", currentModeId: "plan" };
    const options = (currentValue: string) => ({
      sessionUpdate: "config_option_update",
      configOptions: [
        { id: "x", type: "boolean", currentValue: true },
        {
          id: "m",
          type: "select",
          category: "model",
          currentValue,
          options: [{ group: "g", name: "G", options: [{ value: "big", name: "Big" }] }],
        },
      ],
    });
    const conversation = new Conversation().end();
    conversation
      .update(commands)
      .update(commands)
      .update(mode)
      .update(mode)
      .update(options("big"))
      .update(options("big"));
    expect(abouts(conversation)).toEqual([
      { commands: [{ name: "a", description: "A b" }] },
      { modes: { current: "plan", available: [] } },
      { models: { current: "big", available: [{ id: "big", name: "Big" }] } },
    ]);
  });

  it("holds the whole plan with its progress, and nothing once it is withdrawn", () => {
    const plan = (...entries: object[]) => ({ sessionUpdate: "plan", entries });
    const conversation = new Conversation()
      .update(plan({ content: "One", status: "in_progress", priority: "high" }, { content: "Two", status: "_odd" }))
      .update(plan({ content: "One", status: "completed", priority: "high" }, { content: "Two", status: null }))
      .update(plan());
    expect(abouts(conversation)).toEqual([
      {
        plan: [
          { content: "One", status: "in_progress", priority: "high" },
          { content: "Two", status: "pending" },
        ],
      },
      {
        plan: [
          { content: "One", status: "completed", priority: "high" },
          { content: "Two", status: "pending" },
        ],
      },
      { plan: [] },
    ]);
    expect(conversation.chat.activity).toBeUndefined();
  });
});

describe("pictures", () => {
  const image = (data: string, mimeType = "image/png") => ({ type: "image", data, mimeType });

  it("become parts and results of their own; what is too big or a program is named only", () => {
    const chunk = (content: unknown) => ({ sessionUpdate: "agent_message_chunk", content });
    const conversation = new Conversation()
      .say("Look:")
      .update(chunk(image("AAAA")))
      .update(chunk(image("PHN2Zz4=", "image/svg+xml")))
      .update(chunk(image("A".repeat(300 * 1024))))
      .update(chunk(image("not base64!")));
    expect(conversation.parts).toMatchObject([
      { kind: "markdown", content: "Look:" },
      { kind: "contentRef", uri: "data:image/png;base64,AAAA", contentType: "image/png", sizeHint: 3 },
      { kind: "markdown", content: "*(image, image/svg+xml)**(image, image/png)**(image, image/png)*" },
    ]);
    conversation.tool("tool_call", {
      kind: "read",
      status: "completed",
      content: [
        { type: "content", content: { type: "text", text: "seen" } },
        { type: "content", content: image("AAAA") },
      ],
    });
    expect(conversation.call).toMatchObject({
      content: [
        { type: "text", text: "seen" },
        { type: "embeddedResource", data: "AAAA", contentType: "image/png" },
      ],
    });
  });
});

describe("places", () => {
  it("are shown relative to the checkout, as they become known; others are not", () => {
    const conversation = new Conversation()
      .tool("tool_call", { title: "Edit", kind: "edit", status: "pending" })
      .tool("tool_call_update", {
        status: "in_progress",
        locations: [{ path: "/w/src/a.ts", line: 7 }, { path: "b.ts" }, { path: "/etc/passwd" }, { path: "../up" }],
      });
    const locations = [{ path: "src/a.ts", line: 7 }, { path: "b.ts" }];
    expect(conversation.call).toMatchObject({ status: "running", _meta: { muster: { kind: "edit", locations } } });
    conversation.tool("tool_call_update", { status: "completed" });
    expect(conversation.call).toMatchObject({ status: "completed", _meta: { muster: { locations } } });
  });
});
